import { type DimBindings, elementCount } from '../dims';
import type { Graph } from '../graph';
import { BYTES_PER_ELEMENT, type Node, type Value } from '../types';
import { type CutVertex, minimumVertexCut } from './minimumCut';
import { readersByValue, readValues, viewedValue } from './nodes';
import { isRecomputable, type RecomputeLevel } from './recomputable';

/**
 * What a symbol counts for where nobody says: a batch of 8 rows of up to 384 tokens, a third of it padding, a third
 * of the tokens supervised in 4 chunks. Only the ratios matter.
 */
const TYPICAL: DimBindings = { N: 2048, B: 8, L: 384, K: 192, Q: 192 };
const UNKNOWN_SYMBOL = 1024;

/** Forward values that the backward pass finds where the forward pass left them: see `recompute`. */
export function keptValues(graph: Graph, level: RecomputeLevel, bindings: DimBindings): ReadonlySet<Value> {
  const forward = graph.nodes.filter(({ stage }) => stage === 'forward');
  const readers = readersByValue(graph.nodes);
  const fixed = new Set<Value>(
    [...graph.checkpoints, ...graph.outputs].map((value) => storedValue(graph, value)),
  );
  const leading = leadingToOutputs(graph, forward);
  const sizes = symbolSizes(graph, bindings);

  const numbers = new Map<Value, number>();
  const values: Value[] = [];
  const vertices: CutVertex[] = [];
  for (const node of forward) {
    const again = leading.has(node) && isRecomputable(level, node, graph, readers);
    const sources = readValues(node)
      .map((input) => numbers.get(storedValue(graph, input)))
      .filter((number) => number !== undefined);
    for (const value of node.outputs) {
      if (storedValue(graph, value) !== value) continue;
      numbers.set(value, values.length);
      values.push(value);
      vertices.push({
        cost: elementCount(value.shape, sizes) * BYTES_PER_ELEMENT[value.dtype],
        begins: !again || fixed.has(value),
        ends: false,
        sources: again ? sources : [],
      });
    }
  }
  for (const node of graph.nodes) {
    if (node.stage !== 'backward') continue;
    for (const input of readValues(node)) {
      const number = numbers.get(storedValue(graph, input));
      const vertex = number === undefined ? undefined : vertices[number];
      if (number !== undefined && vertex !== undefined) vertices[number] = { ...vertex, ends: true };
    }
  }
  const cut = minimumVertexCut(vertices);
  return new Set(values.filter((_, number) => cut.has(number)));
}

/** The value whose memory a value lies in: views are seen through. */
function storedValue(graph: Graph, value: Value): Value {
  let stored = value;
  for (;;) {
    const node = graph.producer(stored);
    const viewed = node?.outputs[0] === stored ? viewedValue(node) : undefined;
    if (viewed === undefined) return stored;
    stored = viewed;
  }
}

/** Forward nodes on which an output of the forward pass (the loss) depends. */
function leadingToOutputs(graph: Graph, forward: readonly Node[]): ReadonlySet<Node> {
  const wanted = new Set<Value>(graph.outputs);
  const leading = new Set<Node>();
  for (const node of forward.toReversed()) {
    if (!node.outputs.some((output) => wanted.has(output))) continue;
    leading.add(node);
    for (const input of readValues(node)) wanted.add(input);
  }
  return leading;
}

function symbolSizes(graph: Graph, bindings: DimBindings): DimBindings {
  const symbols = graph.inputs
    .flatMap(({ shape }) => shape)
    .flatMap((dim) => (typeof dim === 'string' ? dim.split('*') : []))
    .filter((symbol) => !/^\d+$/.test(symbol));
  return Object.fromEntries(
    symbols.map((symbol) => [symbol, bindings[symbol] ?? TYPICAL[symbol] ?? UNKNOWN_SYMBOL]),
  );
}
