import { isRecord } from '../../base/guards';
import type { RunRecord } from '../../protocol/run/record';

/** How long a step is expected to take, from what past runs took. */
export interface StepTime {
  readonly seconds: number;
  /** The largest deviation of a past run from what the others foretell, as a share; undefined where there is one run. */
  readonly error: number | undefined;
  /** The phases of past runs that it rests on. */
  readonly samples: number;
}

/** What is to be foretold, and where. */
export interface StepTimeRequest {
  /** See `stepFlops`. */
  readonly flops: number;
  readonly device: string;
  readonly model: string;
  readonly machine: NonNullable<RunRecord['machine']>;
}

/**
 * Foretells the time of an optimiser step by the rates (operations a second) at which this machine has trained on the
 * same device: of runs of the same model where there are any, since the rate hangs on the sizes of the matrices.
 * Undefined where nothing was trained here yet.
 */
export function predictStepTime(
  { flops, device, model, machine }: StepTimeRequest,
  past: readonly RunRecord[],
): StepTime | undefined {
  const here = past.filter(
    (run) =>
      run.facts?.device?.provider === device &&
      run.machine?.hostname === machine.hostname &&
      run.machine.cpu === machine.cpu,
  );
  const same = here.filter(({ config }) => isRecord(config) && config['model'] === model).flatMap(ratesOf);
  const rates = same.length > 0 ? same : here.flatMap(ratesOf);
  if (rates.length === 0 || flops <= 0) return undefined;
  const deviations = rates.map((rate, i) => {
    const others = rates.filter((_, j) => j !== i);
    return others.length === 0 ? undefined : Math.abs(rate / median(others) - 1);
  });
  const known = deviations.filter((deviation) => deviation !== undefined);
  return {
    seconds: flops / median(rates),
    error: known.length === 0 ? undefined : Math.max(...known),
    samples: rates.length,
  };
}

function ratesOf({ facts }: RunRecord): number[] {
  return (facts?.phases ?? []).flatMap(({ flops, step_seconds: seconds }) =>
    flops !== undefined && seconds !== undefined && flops > 0 && seconds > 0 ? [flops / seconds] : [],
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
  return (upper + lower) / 2;
}
