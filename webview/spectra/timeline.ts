import type { Timeline } from '../../src/protocol/panels/spectra';
import { nearestIndex } from '../kit/figure';
import { formatValue } from '../kit/format';
import type { State } from './state';

/** How long (ms) playing all steps takes, where each may stay long enough to be seen and short enough not to bore. */
const WHOLE = 9000;
const SHORTEST = 120;
const LONGEST = 800;
/** How long (ms) a step stays where nothing is to move: long enough to be looked at by itself. */
const STILL = 1200;

/** The step that is shown, of those that were recorded; undefined where there are none. */
export function shownStep({ timeline, look }: State): number | undefined {
  const steps = timeline?.steps;
  if (steps === undefined || steps.length === 0) return undefined;
  const chosen = look.step ?? Infinity;
  return steps.findLast((step) => step <= chosen) ?? steps[0];
}

/** What is written down of a step: the last is followed, however many come. */
export function chosenStep({ steps }: Timeline, step: number): number | null {
  return step === steps.at(-1) ? null : step;
}

/** The recorded step so many after another, held between the first and the last. */
export function stepBeside({ steps }: Timeline, step: number, by: number): number | undefined {
  const at = nearestIndex(steps, step);
  return steps[Math.min(steps.length - 1, Math.max(0, at + by))];
}

/** Where a key leads from a step; undefined where it is no key of a slider's. */
export function steppedTo(timeline: Timeline, step: number, key: string): number | undefined {
  const far = Math.max(2, Math.round(timeline.steps.length / 10));
  const by: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowUp: 1,
    ArrowLeft: -1,
    ArrowDown: -1,
    PageUp: far,
    PageDown: -far,
    Home: -Infinity,
    End: Infinity,
  };
  const change = by[key];
  return change === undefined ? undefined : stepBeside(timeline, step, change);
}

/** How long (ms) each step stays while they are played. */
export function stayOf({ steps }: Timeline, still: boolean): number {
  return still ? STILL : Math.min(LONGEST, Math.max(SHORTEST, WHOLE / Math.max(1, steps.length)));
}

/** The losses about a step: `training loss 2.31, evaluation loss 2.4`; those that were not measured there are left out. */
export function lossTexts({ train, eval: evaluated }: Timeline, step: number): string[] {
  const told = (name: string, { xs, ys }: Timeline['train']): string[] => {
    const at = nearestIndex(xs, step);
    const y = ys[at];
    // The points are thinned out: one close by is as good.
    const near = Math.max(1, ((xs.at(-1) ?? 0) - (xs[0] ?? 0)) / 200);
    return y === undefined || Math.abs((xs[at] ?? NaN) - step) > near ? [] : [`${name} ${formatValue(y)}`];
  };
  return [...told('training loss', train), ...told('evaluation loss', evaluated)];
}
