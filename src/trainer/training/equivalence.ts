import { RunError } from '../../base/errors';
import type { TokenRow } from '../../data/batch/tokenRow';
import { layoutStep, type StepLayoutOptions } from '../../data/batch/step';
import type { DeviceTensor, Runtime } from '../../engine/graph/runtime';
import { buildLogitsGraph, LOGITS, type GraphSpec } from '../../engine/training/stepGraph';

/** How far the logits of the adapted model lie from the base model's before the first step. */
export interface Equivalence {
  readonly max_error: number;
  /** `max_error` over the largest logit. */
  readonly relative_error: number;
  readonly bound: number;
}

/** Tokens and supervised positions that are compared: enough to see an error, few enough to be quick. */
const TOKENS = 128;
const POSITIONS = 32;
/** f32 round-off of some thousand products a layer, over all layers. */
const BOUND = 1e-3;

/**
 * Every method is a no-op at the start: compares the logits with and without the adapter on the beginning of one row.
 * RunError where they differ by more than f32 round-off explains.
 */
export async function checkEquivalence(
  runtime: Runtime,
  spec: GraphSpec,
  weightsFolder: string,
  layout: StepLayoutOptions,
  row: TokenRow,
  feeds: Readonly<Record<string, DeviceTensor>>,
): Promise<Equivalence> {
  const ids = row.ids.subarray(0, TOKENS);
  const supervised = new Uint8Array(ids.length);
  supervised.fill(1, Math.max(1, ids.length - POSITIONS));
  const short: TokenRow = { ids, supervised, index: row.index };
  const [batch] = layoutStep({ row: () => short }, [[[0]]], layout).batches;
  if (batch === undefined) return { max_error: 0, relative_error: 0, bound: BOUND };
  const logits = async (
    of: GraphSpec,
    label: string,
    model: Readonly<Record<string, DeviceTensor>>,
  ): Promise<Float32Array> => {
    const session = await runtime.createSession(buildLogitsGraph({ ...of, recompute: 'none' }), {
      label,
      transient: true,
      weightsFolder,
    });
    try {
      const { host } = await session.run({ ...batch.feeds, ...model });
      const data = host[LOGITS]?.data;
      if (!(data instanceof Float32Array)) throw new RunError({ what: 'the model gave no logits' });
      return data;
    } finally {
      await session.dispose();
    }
  };
  const base = await logits({ ...spec, adapters: new Map(), slabs: [] }, 'base logits', {});
  if (!base.every(Number.isFinite)) {
    throw new RunError({
      what: 'the model itself computes numbers that are not finite, before any training',
      remedy: 'Look at its weights: they may be damaged, or need f64.',
    });
  }
  const adapted = await logits(spec, 'adapted logits', feeds);
  let most = 0;
  let largest = 0;
  for (let i = 0; i < base.length; i++) {
    const reference = base[i] ?? 0;
    most = Math.max(most, Math.abs((adapted[i] ?? NaN) - reference));
    largest = Math.max(largest, Math.abs(reference));
  }
  const result = { max_error: most, relative_error: largest === 0 ? most : most / largest, bound: BOUND };
  if (!(result.relative_error <= BOUND)) {
    throw new RunError({
      what: 'the adapter changes the model before the first step',
      got: `a relative difference of the logits of ${result.relative_error.toExponential(2)}`,
      expected: `at most ${BOUND}`,
      remedy: 'This is a fault of Eigenloom: please report it with the config.',
    });
  }
  return result;
}
