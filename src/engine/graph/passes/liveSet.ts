import { type DimBindings, elementCount, shapesEqual } from '../dims';
import type { Graph } from '../graph';
import { operators } from '../ops/registry';
import { BYTES_PER_ELEMENT, type Node, type Value } from '../types';
import { executionOrder } from './executionOrder';
import { readValues, viewedValue } from './nodes';

/** Memory after one node's outputs were allocated and before its dead inputs were freed: the most while it ran. */
export interface LiveMoment {
  readonly node: Node;
  readonly bytes: number;
}

/** What a run of a graph holds in memory, as predicted. */
export interface LiveSet {
  /** Most bytes of computed values alive at one moment, graph outputs among them. */
  readonly peakBytes: number;
  /** The node that ran then; undefined for a graph without nodes. */
  readonly atNode: Node | undefined;
  /** One entry per node, in the order in which they run. */
  readonly timeline: readonly LiveMoment[];
  /** Bytes of the graph inputs, which the caller owns; not in `peakBytes`. */
  readonly inputBytes: number;
  /** Bytes of the initializers, mapped from their files or written in the model; not in `peakBytes`. */
  readonly initializerBytes: number;
}

/** Bytes of one value when the graph runs with these bindings. */
export function valueBytes(value: Value, bindings: DimBindings): number {
  return elementCount(value.shape, bindings) * BYTES_PER_ELEMENT[value.dtype];
}

/**
 * Simulates the memory of a run without running it: onnxruntime's CPU provider, sequential, graph optimisation and
 * memory patterns off. A buffer is freed after the last node that reads it; views share their input's; an operator
 * that may work in place takes over an input's buffer where that input dies there; and a new value takes over a dead
 * buffer of equal type and shape, the last freed first, which then was never freed in between.
 *
 * The rules are those of `PlannerImpl` in onnxruntime's core/framework/allocation_planner.cc. It compares shapes
 * symbol by symbol, so the prediction holds only where the file declares the shape of every value.
 */
export function liveSet(graph: Graph, bindings: DimBindings): LiveSet {
  const order = executionOrder(graph);
  const buffers = planBuffers(graph, order);
  const lifetimes = bufferLifetimes(graph, order, buffers);

  const born = order.map(() => 0);
  const died = order.map(() => 0);
  for (const [buffer, { from, to }] of lifetimes) {
    const bytes = valueBytes(buffer, bindings);
    born[from] = (born[from] ?? 0) + bytes;
    if (to < order.length) died[to] = (died[to] ?? 0) + bytes;
  }
  let live = 0;
  let peak: LiveMoment | undefined;
  const timeline = order.map((node, at) => {
    live += born[at] ?? 0;
    const moment = { node, bytes: live };
    if (peak === undefined || live > peak.bytes) peak = moment;
    live -= died[at] ?? 0;
    return moment;
  });
  const total = (values: Iterable<Value>): number =>
    [...values].reduce((sum, value) => sum + valueBytes(value, bindings), 0);
  return {
    peakBytes: peak?.bytes ?? 0,
    atNode: peak?.node,
    timeline,
    inputBytes: total(graph.inputs),
    initializerBytes: total(graph.initializers.keys()),
  };
}

/**
 * The value whose buffer each computed value lies in (often its own). Values of the caller's buffers (graph inputs,
 * initializers) and views of them are mapped to those.
 */
function planBuffers(graph: Graph, order: readonly Node[]): ReadonlyMap<Value, Value> {
  const outputs = new Set(graph.outputs);
  const uses = new Map<Value, number>();
  const count = (value: Value, by: number): number => {
    const now = (uses.get(value) ?? 0) + by;
    uses.set(value, now);
    return now;
  };
  // One use more for what the caller holds: it is never taken over.
  for (const value of [...graph.inputs, ...graph.initializers.keys(), ...graph.outputs]) count(value, 1);
  for (const node of order) for (const value of [...readValues(node), ...node.outputs]) count(value, 1);

  const buffers = new Map<Value, Value>();
  const bufferOf = (value: Value): Value => buffers.get(value) ?? value;
  const free: Value[] = [];
  const release = (value: Value): void => {
    const buffer = bufferOf(value);
    if (count(buffer, -1) === 0) free.push(buffer);
  };

  for (const node of order) {
    node.outputs.forEach((output, i) => {
      let taken: Value | undefined;
      if (!outputs.has(output)) {
        const input = i === 0 ? (viewedValue(node) ?? inPlaceInput(node, output, bufferOf, uses)) : undefined;
        taken = input === undefined ? takeFree(free, output) : bufferOf(input);
      }
      buffers.set(output, taken ?? output);
      if (taken !== undefined) count(taken, uses.get(output) ?? 0);
    });
    for (const input of readValues(node)) release(input);
    for (const output of node.outputs) release(output);
  }
  return buffers;
}

function sameSize(a: Value, b: Value): boolean {
  return BYTES_PER_ELEMENT[a.dtype] === BYTES_PER_ELEMENT[b.dtype] && shapesEqual(a.shape, b.shape);
}

/** The input whose buffer the node's first output takes over because this node is the last to use it. */
function inPlaceInput(
  node: Node,
  output: Value,
  bufferOf: (value: Value) => Value,
  uses: ReadonlyMap<Value, number>,
): Value | undefined {
  const candidates = (operators[node.op].inplace ?? []).map((index) => node.inputs[index]);
  return candidates.find(
    (input) => input !== undefined && uses.get(bufferOf(input)) === 1 && sameSize(input, output),
  );
}

/** Takes the last freed buffer that fits. onnxruntime never does it for scalars. */
function takeFree(free: Value[], output: Value): Value | undefined {
  if (output.shape.length === 0) return undefined;
  const at = free.findLastIndex((buffer) => sameSize(buffer, output));
  return at < 0 ? undefined : free.splice(at, 1)[0];
}

/** From the node that allocates each buffer to the last that reads it; past the end where nobody frees it. */
function bufferLifetimes(
  graph: Graph,
  order: readonly Node[],
  buffers: ReadonlyMap<Value, Value>,
): ReadonlyMap<Value, { from: number; to: number }> {
  const outputs = new Set(graph.outputs);
  const lifetimes = new Map<Value, { from: number; to: number }>();
  order.forEach((node, at) => {
    for (const value of readValues(node)) {
      const lifetime = lifetimes.get(buffers.get(value) ?? value);
      // A graph output is the caller's from the moment it is computed.
      if (lifetime !== undefined && lifetime.to !== Infinity) lifetime.to = at;
    }
    for (const output of node.outputs) {
      const buffer = buffers.get(output) ?? output;
      const own = buffer === output;
      if (own) lifetimes.set(output, { from: at, to: outputs.has(output) ? Infinity : order.length });
    }
  });
  return lifetimes;
}
