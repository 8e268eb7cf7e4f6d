import * as os from 'node:os';
import { liveSet } from '../../engine/graph/passes/liveSet';
import type { RecomputeLevel } from '../../engine/graph/passes/recompute';
import type { DimBindings } from '../../engine/graph/dims';
import { frozenFactors, buildStepGraph, type GraphSpec } from '../../engine/training/stepGraph';
import { slabsSize } from '../../engine/training/parameters';

/** What a step is expected to need, in bytes of resident memory. */
export interface MemoryPrediction {
  readonly recompute: RecomputeLevel;
  /** Activations and gradients alive at once at the worst moment of a step. */
  readonly activations: number;
  /** Frozen weights, which are mapped from their file. */
  readonly weights: number;
  /** Parameters, gradients, moments and frozen factors. */
  readonly state: number;
  readonly total: number;
}

/** Node, onnxruntime and our own code, before any model: measured, and much the same everywhere. */
const PROCESS = 110e6;
/** onnxruntime's arena keeps holes between buffers: measured 1.08 to 1.14 times what is alive. */
const ARENA = 1.12;
/** Share of the machine's memory that a run may plan to take. */
const SHARE = 0.85;

/** Predicts a step's memory from the order in which onnxruntime will run its graph. */
export function predictMemory(
  spec: GraphSpec,
  worst: readonly DimBindings[],
  weights: number,
): MemoryPrediction {
  const graph = buildStepGraph(spec);
  const activations = Math.max(...worst.map((bindings) => ARENA * liveSet(graph, bindings).peakBytes));
  const frozen = frozenFactors(spec.adapters.values(), spec.slabs).reduce(
    (sum, { shape }) => sum + shape.reduce((product, dim) => product * dim, 4),
    0,
  );
  // Parameters, two moments and the zeros that gradients start from stay in memory; the live set has the rest.
  const state = 4 * 4 * slabsSize(spec.slabs) + frozen;
  return {
    recompute: spec.recompute,
    activations,
    weights,
    state,
    total: PROCESS + activations + weights + state,
  };
}

/** Bytes that a run may plan to take: of the machine's memory, or of what its container is limited to. */
function plannable(): number {
  const limit = process.constrainedMemory();
  const total = os.totalmem();
  return (limit > 0 ? Math.min(limit, total) : total) * SHARE;
}

/**
 * The level a config asks for; for `auto` the fastest that fits into `room` bytes, or the smallest where none does.
 */
export function chooseRecompute(
  wanted: RecomputeLevel | 'auto',
  predict: (level: RecomputeLevel) => MemoryPrediction,
  room = plannable(),
): MemoryPrediction {
  if (wanted !== 'auto') return predict(wanted);
  for (const level of ['none', 'cheap'] as const) {
    const prediction = predict(level);
    if (prediction.total <= room) return prediction;
  }
  return predict('layers');
}
