import { effectiveRank } from '../../../engine/spectra/measures';
import type { ModuleChange } from '../../../protocol/run/changes';
import type { ChangeRelation, Spectrum, Timeline } from '../../../protocol/panels/spectra';

/** The set of the spectra of what a run's training changed. */
export const TRAINING = 'training';

/** What stands for a run that recorded nothing. */
export const NO_TRAINING: Timeline = {
  set: TRAINING,
  run: '',
  live: false,
  steps: new Float64Array(),
  train: { xs: new Float64Array(), ys: new Float64Array() },
  eval: { xs: new Float64Array(), ys: new Float64Array() },
  ranges: {},
  reach: {},
};

/** Of ||Delta W||_F^2, the share that rounding may hide: values that hold all the rest are all there are. */
const ROUNDING = 1e-4;
/** Below this share of the greatest value there is only rounding, which is not worth a place on an axis. */
const DEEPEST = 1e-7;

/** What a run recorded of a module, as a spectrum. */
export function spectrumOfChange(change: ModuleChange): Spectrum {
  const { module, values, frobenius, stable_rank, rank, overlap, fresh, live } = change;
  const held = values.reduce((sum, value) => sum + value * value, 0);
  const whole = held >= frobenius * frobenius * (1 - ROUNDING);
  return {
    path: module,
    set: TRAINING,
    values,
    frobenius,
    errorBound: 0,
    exact: true,
    measures: {
      stableRank: stable_rank,
      ...(whole ? { effectiveRank: effectiveRank(values) } : {}),
      ...(live === undefined ? {} : { live }),
    },
    ...(overlap === undefined || fresh === undefined || values.length === 0
      ? {}
      : { relation: { rank: rank ?? values.length, overlap, fresh } }),
  };
}

/** With how a change lies to its weight, where that was not recorded. */
export function related(spectrum: Spectrum, relation: ChangeRelation): Spectrum {
  return { ...spectrum, relation };
}

/** The least and the greatest value of each measure, over modules and steps. What is 0 is no change yet. */
export function rangesOf(spectra: Iterable<Spectrum>): Timeline['ranges'] {
  const ranges: Record<string, [number, number]> = {};
  const add = (name: string, value: number | undefined): void => {
    if (value === undefined || !Number.isFinite(value)) return;
    const [low, high] = ranges[name] ?? [value, value];
    ranges[name] = [Math.min(low, value), Math.max(high, value)];
  };
  for (const { values, frobenius, measures, relation } of spectra) {
    add('live', measures.live);
    if (frobenius === 0) continue;
    add('sigma', values[0]);
    add('stableRank', measures.stableRank);
    add('effectiveRank', measures.effectiveRank);
    add('overlap', relation?.overlap);
    add('fresh', relation?.fresh);
  }
  return ranges;
}

/** The least and the greatest singular value of each module over the steps, but for rounding. */
export function reachOf(spectra: Iterable<Spectrum>): Timeline['reach'] {
  const reach: Record<string, [number, number]> = {};
  for (const { path, values } of spectra) {
    const first = values[0] ?? 0;
    if (first === 0) continue;
    const last = values.findLast((value) => value > first * DEEPEST) ?? first;
    const [low, high] = reach[path] ?? [last, first];
    reach[path] = [Math.min(low, last), Math.max(high, first)];
  }
  return reach;
}
