import type { ExperimentValues } from './schema/experiment';

type AdapterValues = ExperimentValues['adapter'];
type TrainingValues = ExperimentValues['training'];
type DataValues = ExperimentValues['data'];

/** Every weight is trained: the keys of low-rank adapters have no meaning. */
interface FullConfig {
  readonly method: 'full';
}

/** A low-rank adapter. `alpha` is filled in (the rank where the file says nothing). */
export interface LowRankConfig extends Readonly<Omit<AdapterValues, 'method' | 'alpha'>> {
  readonly method: Exclude<AdapterValues['method'], 'full'>;
  readonly alpha: number;
}

/** What is trained, discriminated by `method`. */
export type AdapterConfig = FullConfig | LowRankConfig;

/**
 * How long the run is, discriminated by presence: exactly one of `max_steps` and `epochs`; and exactly one of
 * `warmup_steps` and `warmup_ratio`.
 */
export type TrainingConfig = Readonly<TrainingValues>;

/** How a row becomes text: exactly one of the forms. */
export type RowForm =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'prompt-completion'; readonly prompt: string; readonly completion: string }
  | { readonly kind: 'chat'; readonly column: string };

/** Which rows: paths are absolute. At most one of `eval` and `eval_fraction` is there. */
export interface DataConfig extends Readonly<Omit<DataValues, 'train' | 'eval'>> {
  readonly train: readonly string[];
  readonly eval?: readonly string[];
}

/**
 * A whole experiment as a run uses it: every default filled in, every path absolute, every rule between keys
 * checked. This is also the form kept in `run.json`.
 */
export interface Experiment extends Readonly<
  Omit<ExperimentValues, 'name' | 'data' | 'adapter' | 'training'>
> {
  readonly name: string;
  readonly data: DataConfig;
  readonly adapter: AdapterConfig;
  readonly training: TrainingConfig;
}
