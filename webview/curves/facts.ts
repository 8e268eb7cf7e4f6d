import type { CurveRun } from '../../src/protocol/panels/curves';
import { formatCount, formatDuration, formatValue } from '../kit/format';

/** One fact of a run. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly title?: string | undefined;
}

/** The facts that a header lists; what is not known is left out. */
export function factsOf(run: CurveRun): Fact[] {
  const method = run.rank === '' ? run.method : `${run.method}, rank ${run.rank}`;
  const fact = (name: string, value: string | undefined, title?: string): Fact[] =>
    value === undefined || value === '' ? [] : [{ name, value, title }];
  return [
    ...fact('Model', run.model),
    ...fact('Method', method),
    ...fact(
      'Trained',
      run.trainable === undefined ? undefined : formatCount(run.trainable),
      run.trainable === undefined ? undefined : `${formatValue(run.trainable)} parameters`,
    ),
    ...fact('Device', run.device, run.deviceReason),
    ...fact('Why', run.deviceReason),
    ...fact('Recompute', run.recompute),
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
