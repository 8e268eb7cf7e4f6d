import * as os from 'node:os';
import { arenaBytes } from '../../engine/graph/passes/arena';
import { liveSet } from '../../engine/graph/passes/liveSet';
import type { RecomputeLevel } from '../../engine/graph/passes/recompute';
import type { DimBindings } from '../../engine/graph/dims';
import {
  buildLossGraph,
  buildStepGraph,
  frozenFactors,
  type GraphSpec,
} from '../../engine/training/stepGraph';
import { slabsSize } from '../../engine/training/parameters';

/** What a step is expected to need, in bytes of resident memory. */
export interface MemoryPrediction {
  readonly recompute: RecomputeLevel;
  /** Activations and gradients: what the arena holds after the worst step, and beside it the worst evaluation. */
  readonly activations: number;
  /** Frozen weights, which are mapped from their file. */
  readonly weights: number;
  /** Parameters, gradients, moments and frozen factors. */
  readonly state: number;
  /** What must be there for it to run. */
  readonly total: number;
  /**
   * What the system will count as resident: an evaluation maps the weights again, and pages that are mapped twice are
   * counted twice though they are there once.
   */
  readonly resident: number;
}

/** The batches that need the most memory, each as the sizes it binds. */
export interface WorstBatches {
  readonly training: readonly DimBindings[];
  readonly evaluation: readonly DimBindings[];
}

/** Resident bytes of Node, onnxruntime and our own code before any model: measured, much the same everywhere. */
const PROCESS = 150e6;
/** Resident bytes that onnxruntime and our own graph keep for one node of the step graph: measured. */
const NODE = 6.5e3;
/** Share of the machine's memory that a run may plan to take. */
const SHARE = 0.85;

/**
 * Predicts the peak of a run's resident memory from the order in which onnxruntime will run its graphs. `weights` are
 * the bytes of the frozen weights.
 */
export function predictMemory(spec: GraphSpec, worst: WorstBatches, weights: number): MemoryPrediction {
  const graph = buildStepGraph(spec);
  const step = Math.max(...worst.training.map((bindings) => arenaBytes(graph, bindings)));
  const activations = step + evaluationBytes(spec, worst.evaluation);
  const frozen = frozenFactors(spec.adapters.values(), spec.slabs).reduce(
    (sum, { shape }) => sum + shape.reduce((product, dim) => product * dim, 4),
    0,
  );
  // Parameters, two moments and the gradients outside the arena stay in memory; the arena has the rest.
  const state = 4 * 4 * slabsSize(spec.slabs) + frozen;
  const total = PROCESS + NODE * graph.nodes.length + activations + weights + state;
  const resident = total + (worst.evaluation.length > 0 ? weights : 0);
  return { recompute: spec.recompute, activations, weights, state, total, resident };
}

/** An evaluation has no arena: its memory comes beside that of the steps, and goes. */
function evaluationBytes(spec: GraphSpec, worst: readonly DimBindings[]): number {
  if (worst.length === 0) return 0;
  const graph = buildLossGraph({ ...spec, recompute: 'none' });
  return Math.max(...worst.map((bindings) => liveSet(graph, bindings).peakBytes));
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
