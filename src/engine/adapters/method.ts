import type { Graph } from '../graph/graph';
import type { Value } from '../graph/types';
import type { TopSingular } from '../spectra/triples';
import type { AdaptedLayer } from './layer';

/** The methods an adapter can be made by; `full` trains the weights themselves and is no adapter. */
export type AdapterMethodId = 'lora' | 'pissa' | 'lamda';

/** What the config says of every module's adapter. */
export interface AdapterSettings {
  readonly rank: number;
  /** LoRA: scale = alpha / rank. PiSSA and LaMDA have scale 1. */
  readonly alpha: number;
  /** LaMDA: share the singular values' scale between core and second projection. */
  readonly balance: boolean;
  /** LaMDA: the second projection is frozen from the start. */
  readonly coreOnly: boolean;
  /** LaMDA: whose singular directions it starts from, the weight's or those of the loss's gradient for it. */
  readonly basis: 'weights' | 'gradient';
  /** LoRA: probability with which a number of the adapter's input is dropped in training. */
  readonly dropout: number;
}

/**
 * How long a factor is trained: `trained` always, `thawed` until it is frozen column by column (LaMDA's second
 * projection), `frozen` never (initial values that are subtracted, LaMDA's first projection).
 */
export type FactorKind = 'trained' | 'thawed' | 'frozen';

/** One matrix of a module's adapter. */
interface FactorSpec {
  readonly name: string;
  readonly shape: readonly [number, number];
  readonly kind: FactorKind;
}

export type Factors = Readonly<Record<string, Float32Array>>;

/** What an initialisation may draw from. */
export interface InitSources {
  /** Present where the method's `needsBasis`. */
  readonly basis: TopSingular | undefined;
  /** Uniform numbers in [0, 1), the same for the same seed and module. */
  uniform(count: number): Float32Array;
}

/** An adapter as a plain LoRA, y = W x + B A x: B A is what it changes the weight by. */
export interface LoraForm {
  readonly rank: number;
  /** [rank, inputs] */
  readonly a: Float32Array;
  /** [outputs, rank] */
  readonly b: Float32Array;
}

/**
 * One way to adapt a linear layer: its factors, their initial values, the graph, and its form as a plain LoRA. Each
 * is a no-op at the start.
 */
export interface AdapterMethod {
  readonly id: AdapterMethodId;
  /** Whether it starts from the top singular triples of a matrix of the weight's shape. */
  readonly needsBasis: boolean;
  factors(module: AdaptedLayer, settings: AdapterSettings): readonly FactorSpec[];
  initialise(module: AdaptedLayer, settings: AdapterSettings, sources: InitSources): Factors;
  /**
   * y = base + the adapter's term, x [rows, inputs], base [rows, outputs]. The last product takes `base` as its
   * added term, so that the adapter costs no pass over [rows, outputs] of its own. `drop` is dropout on the adapter's
   * input, and does nothing outside training.
   */
  inject(
    graph: Graph,
    settings: AdapterSettings,
    x: Value,
    base: Value,
    factor: (name: string) => Value,
    drop: (x: Value) => Value,
  ): Value;
  /** The rank of its form as a plain LoRA. */
  loraRank(settings: AdapterSettings): number;
  toLora(module: AdaptedLayer, settings: AdapterSettings, factors: Factors): LoraForm;
  /**
   * The weight's own top `rank` singular directions, where the factors still tell them: each up to its sign, and 0 for a
   * singular value of 0.
   */
  directions(
    module: AdaptedLayer,
    settings: AdapterSettings,
    factors: Factors,
  ): Pick<TopSingular, 'u' | 'vt'> | undefined;
}
