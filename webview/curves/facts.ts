import type { CurveRun } from '../../src/protocol/panels/curves';
import { formatCount, formatDuration, formatValue } from '../kit/format';

/** One fact of a run. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly title?: string | undefined;
  /** What explains the value, said with it. */
  readonly reason?: string | undefined;
}

/** The facts that a header lists; what is not known is left out. */
export function factsOf(run: CurveRun): Fact[] {
  const method = run.rank === '' ? run.method : `${run.method}, rank ${run.rank}`;
  const fact = (
    name: string,
    value: string | undefined,
    more: Pick<Fact, 'title' | 'reason'> = {},
  ): Fact[] => (value === undefined || value === '' ? [] : [{ name, value, ...more }]);
  return [
    ...fact('Model', run.model),
    ...fact('Method', method),
    ...fact(
      'Trained',
      run.trainable === undefined ? undefined : formatCount(run.trainable),
      run.trainable === undefined ? {} : { title: `${formatValue(run.trainable)} parameters` },
    ),
    ...fact('Recompute', run.recompute),
    // The last: its reason may take lines of its own.
    ...fact('Device', run.device, { reason: run.deviceReason }),
  ];
}

/** How far a run has come: steps, time so far, time to go. */
export function progressText(run: CurveRun, now: number): string {
  const steps =
    run.totalSteps === undefined
      ? `Step ${formatValue(run.step)}`
      : `Step ${formatValue(run.step)} of ${formatValue(run.totalSteps)}`;
  const end = run.active ? now : run.ended;
  const elapsed =
    run.started === undefined || end === undefined
      ? []
      : [`${formatDuration(Math.max(0, (end - run.started) / 1000))}${run.active ? ' so far' : ''}`];
  const left =
    run.active && run.secondsLeft !== undefined ? [`about ${formatDuration(run.secondsLeft)} to go`] : [];
  return [steps, ...elapsed, ...left].join(' · ');
}
