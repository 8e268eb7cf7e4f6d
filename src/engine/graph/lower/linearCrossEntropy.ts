import { GraphError } from '../../../base/errors';
import type { Graph } from '../graph';
import type { Node, Value } from '../types';

interface Chunk {
  readonly hidden: Value;
  readonly labels: Value;
  readonly weights: Value;
}

/** softmax of a chunk's logits, and what it says of the labels: [K, V] and [K, 1]. */
interface Scores {
  readonly probabilities: Value;
  readonly picked: Value;
}

/** Below the smallest normal f32: what a probability of 0 counts as, a loss of 87.3 nats. */
const SMALLEST = 1.2e-38;

/**
 * The linear layer, softmax and cross-entropy in chunks of positions, so that only one chunk of logits is alive at a
 * time; with the gradient of the hidden states, and of the weight, where they are read. They are made in the chunk's
 * own turn: nothing of the size of the logits outlives it. Returns, for each output of the node, the value that takes
 * its place; undefined where `isRead` says that nobody wants it.
 */
export function lowerLinearCrossEntropy(
  graph: Graph,
  node: Node<'LinearCrossEntropy'>,
  isRead: (output: Value | undefined) => boolean,
): readonly (Value | undefined)[] {
  const [hidden, weight, labels, weights] = node.inputs;
  const [loss, dHidden, dWeight] = node.outputs;
  if (hidden === undefined || weight === undefined || labels === undefined || weights === undefined) {
    throw new GraphError({ what: 'LinearCrossEntropy lacks an input', tensor: loss?.name });
  }
  const picked: Value[] = [];
  const dHiddens: Value[] = [];
  let weightSum: Value | undefined;
  const wantsGradient = isRead(dHidden) || isRead(dWeight);
  const one = wantsGradient ? graph.scalar(1, hidden.dtype === 'f64' ? 'f64' : 'f32') : undefined;
  const column = graph.add('Reshape', [weights], { shape: [...weights.shape, 1] });
  for (const chunk of split(graph, node.attributes.chunks, hidden, labels, column)) {
    const scores = score(graph, chunk, weight);
    picked.push(scores.picked);
    if (one === undefined) continue;
    const q = logitsGradient(graph, chunk, scores, one);
    if (isRead(dHidden)) {
      dHiddens.push(graph.add('Mul', [graph.add('Gemm', [q, weight], {}), chunk.weights], {}));
    }
    if (isRead(dWeight)) {
      const scaled = graph.add('Mul', [chunk.hidden, chunk.weights], {});
      const terms = weightSum === undefined ? [q, scaled] : [q, scaled, weightSum];
      weightSum = graph.add('Gemm', terms, { transA: true });
    }
  }
  return [
    isRead(loss) ? negativeSum(graph, joined(graph, picked), column) : undefined,
    isRead(dHidden) ? joined(graph, dHiddens) : undefined,
    weightSum,
  ];
}

function split(graph: Graph, parts: number, hidden: Value, labels: Value, weights: Value): readonly Chunk[] {
  const labelColumn = graph.add('Reshape', [labels], { shape: [...labels.shape, 1] });
  if (parts === 1) return [{ hidden, labels: labelColumn, weights }];
  const piecesOf = (value: Value): readonly Value[] => graph.addAll('Split', [value], { axis: 0, parts });
  const labelPieces = piecesOf(labelColumn);
  const weightPieces = piecesOf(weights);
  return piecesOf(hidden).flatMap((piece, i) => {
    const labelPiece = labelPieces[i];
    const weightPiece = weightPieces[i];
    if (labelPiece === undefined || weightPiece === undefined) return [];
    return [{ hidden: piece, labels: labelPiece, weights: weightPiece }];
  });
}

function score(graph: Graph, { hidden, labels }: Chunk, weight: Value): Scores {
  const logits = graph.add('Gemm', [hidden, weight], { transB: true }, { name: 'logits' });
  // Softmax and not its logarithm: it works in place and is what the gradient needs, so that a chunk takes one buffer
  // and one pass; and WebGPU has no LogSoftmax. The logarithm of the picked column is as exact.
  const probabilities = graph.add('Softmax', [logits], { axis: -1 });
  return { probabilities, picked: graph.add('GatherElements', [probabilities, labels], { axis: 1 }) };
}

/**
 * softmax - onehot, before the positions' weights (they multiply the narrow side of the products). It is written by
 * way of the picked probability, so that the chunk's loss is computed before its buffer is written over.
 */
function logitsGradient(graph: Graph, { labels }: Chunk, scores: Scores, one: Value): Value {
  const atLabel = graph.add('Sub', [scores.picked, one], {});
  return graph.add('ScatterElements', [scores.probabilities, labels, atLabel], { axis: 1 });
}

function negativeSum(graph: Graph, picked: Value, weights: Value): Value {
  const smallest = graph.scalar(SMALLEST, picked.dtype === 'f64' ? 'f64' : 'f32');
  const logarithms = graph.add('Log', [graph.add('Max', [picked, smallest], {})], {});
  const terms = graph.add('Mul', [logarithms, weights], {});
  return graph.add('Neg', [graph.add('ReduceSum', [terms], { axes: [0, 1], keepdims: false })], {});
}

function joined(graph: Graph, parts: readonly Value[]): Value {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return graph.add('Concat', parts, { axis: 0 });
}
