import { shapesEqual } from '../dims';
import type { Graph } from '../graph';
import { operators } from '../ops/registry';
import { BYTES_PER_ELEMENT, type Node, type Value } from '../types';
import { executionOrder } from './executionOrder';
import { readValues, viewedValue } from './nodes';

/**
 * In whose memory each computed value lies (often its own), when the nodes run in this order on onnxruntime's CPU
 * provider: a view shares its input's buffer, and an operator that may work in place takes over an input's where that
 * input dies there. Values in the caller's buffers (views of graph inputs and initializers) are mapped to those.
 *
 * The rules are those of `PlannerImpl::ComputeSingleStreamReusePlan` in onnxruntime's
 * core/framework/allocation_planner.cc. Besides, onnxruntime gives the buffer of a dead value to any later one of
 * equal type and shape and never frees it in between, however long that takes: idle memory, a third of the peak where
 * only the residual stream is kept. It compares shapes symbol by symbol; so `bufferLabels` gives each buffer symbols
 * of its own, and only values without symbols (which are small) still inherit.
 */
export function planBuffers(graph: Graph, order: readonly Node[]): ReadonlyMap<Value, Value> {
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

/**
 * For each computed value with a symbolic shape that is no output of the graph, a label equal for the values of one
 * buffer. An ONNX model whose `value_info` writes it behind every symbol (`N@17`) lets onnxruntime work in place, and
 * keeps it from holding dead buffers for later values. Inferred shapes never overrule a declared symbol.
 */
export function bufferLabels(graph: Graph): ReadonlyMap<Value, string> {
  const outputs = new Set(graph.outputs);
  const buffers = planBuffers(graph, executionOrder(graph));
  const labels = new Map<Value, string>();
  for (const [value, buffer] of buffers) {
    if (isSymbolic(value) && !outputs.has(value)) labels.set(value, String(buffer.id));
  }
  return labels;
}

function isSymbolic(value: Value): boolean {
  return value.shape.some((dim) => typeof dim === 'string');
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
  if (output.shape.length === 0 || isSymbolic(output)) return undefined;
  const at = free.findLastIndex((buffer) => sameSize(buffer, output));
  return at < 0 ? undefined : free.splice(at, 1)[0];
}
