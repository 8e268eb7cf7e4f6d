import type { Graph } from '../graph';
import type { Node, OpType, Value } from '../types';
import { isOp } from './nodes';

/**
 * What recomputation may compute again: nothing; what costs little beside a linear layer (norms, activations,
 * attention from its queries, keys and values); or everything between two checkpoints.
 */
export type RecomputeLevel = 'none' | 'cheap' | 'layers';

/** Operators whose time is that of reading and writing memory. Each operator is named: a new one must be judged. */
const CHEAP: { readonly [K in OpType]: boolean } = {
  Add: true,
  Sub: true,
  Mul: true,
  Div: true,
  Min: true,
  Max: true,
  Neg: true,
  Exp: true,
  Log: true,
  Sqrt: true,
  Reciprocal: true,
  Sigmoid: true,
  QuickGelu: true,
  Cast: true,
  Identity: true,
  Gemm: false,
  MatMul: false,
  FusedMatMul: false,
  Transpose: true,
  Reshape: true,
  Concat: true,
  Slice: true,
  Split: true,
  Expand: true,
  Gather: true,
  GatherElements: true,
  ScatterElements: true,
  ScatterND: true,
  ReduceSum: true,
  ReduceMean: true,
  ReduceSumSquare: true,
  Softmax: true,
  LogSoftmax: true,
  SimplifiedLayerNormalization: true,
  RotaryEmbedding: true,
  LinearCrossEntropy: false,
  SwiGLU: true,
};

/** What attention does to the scores before the softmax. */
const ON_SCORES: ReadonlySet<OpType> = new Set<OpType>(['Add', 'Mul', 'Div', 'Min', 'Max', 'Softmax']);

/** Whether a level computes a forward node again, rather than keep what it computed. */
export function isRecomputable(
  level: RecomputeLevel,
  node: Node,
  graph: Graph,
  readers: ReadonlyMap<Value, readonly Node[]>,
): boolean {
  if (level === 'none' || node.op === 'LinearCrossEntropy') return false;
  if (level === 'layers' || CHEAP[node.op]) return true;
  return isOp(node, 'MatMul') && (isAttentionScore(node, readers) || isAttentionOutput(node, graph));
}

/** Whether a product weighs values with attention probabilities: the probabilities are computed again anyway. */
function isAttentionOutput({ inputs: [weights] }: Node<'MatMul'>, graph: Graph): boolean {
  const producer = weights === undefined ? undefined : graph.producer(weights);
  return producer !== undefined && isOp(producer, 'Softmax');
}

/**
 * Whether a product's result only flows into a softmax. It is as large as the probabilities, which are the square of
 * the length, while its factors are needed anyway; and its inner dimension is but one head's width.
 */
function isAttentionScore(node: Node<'MatMul'>, readers: ReadonlyMap<Value, readonly Node[]>): boolean {
  const flowsIntoSoftmax = (reader: Node): boolean => {
    if (reader.stage !== 'forward' || !ON_SCORES.has(reader.op)) return false;
    return isOp(reader, 'Softmax') || leadsOn(reader);
  };
  const leadsOn = (from: Node): boolean => {
    const next = from.outputs.flatMap((output) => readers.get(output) ?? []);
    return next.length > 0 && next.every(flowsIntoSoftmax);
  };
  return leadsOn(node);
}
