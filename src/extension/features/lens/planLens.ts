import type { MemoryEstimate } from '../../../protocol/inspector';
import { bytesText, countText } from '../inline/texts';
import type { Lens } from './lens';

/** What the line above an experiment tells of what a run would come to. */
export interface PlanFacts {
  /** Numbers that are trained at first, and bytes of what comes out. */
  readonly trainable: number;
  readonly bytes: number;
  /** Whether every weight is trained: what comes out is a model then. */
  readonly full: boolean;
  /** False where the run chooses the ranks itself: both are about so many. */
  readonly settled: boolean;
  /** Undefined until it is known. */
  readonly estimate: MemoryEstimate | undefined;
}

/** `1.2 M trainable · 4.7 MB adapter · ~2.1 GB peak · cpu`. */
export function planLens({ trainable, bytes, full, settled, estimate }: PlanFacts): Lens {
  const about = settled ? '' : '~';
  const parts = [
    `${about}${countText(trainable)} trainable`,
    `${about}${bytesText(bytes)} ${full ? 'of weights' : 'adapter'}`,
  ];
  const told = [
    `${trainable.toLocaleString('en')} numbers are trained at first${settled ? '' : ', if every module has the mean rank'}.`,
  ];
  if (estimate !== undefined) {
    const { predicted_mb: peak, available_mb: free, device } = estimate;
    const fits = peak <= free;
    // The spaces beside an icon are kept only where they cannot be broken.
    parts.push(`${fits ? '' : '\u00a0$(warning)\u00a0'}~${bytesText(1e6 * peak)} peak`, device);
    told.push(
      `A run on ${device} is predicted to take ${bytesText(1e6 * peak)} of memory at its peak; ${bytesText(1e6 * free)} are free.`,
    );
  }
  told.push(full ? 'Show the spectra of the weights.' : 'Show the rank board.');
  return {
    title: parts.join(' · '),
    tooltip: told.join(' '),
    action: { kind: full ? 'spectra' : 'ranks' },
  };
}
