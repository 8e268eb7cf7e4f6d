import { type DimBindings, elementCount } from '../dims';
import type { Graph } from '../graph';
import { BYTES_PER_ELEMENT, type Node, type Value } from '../types';
import { planBuffers } from './buffers';
import { readValues } from './nodes';

/** From the node that allocates a buffer to the last that reads it, as places in the order of execution. */
export interface Lifetime {
  readonly bytes: number;
  readonly from: number;
  /** Past the end where nobody frees it within the run. */
  readonly to: number;
}

/** Bytes of one value when the graph runs with these bindings. */
export function valueBytes(value: Value, bindings: DimBindings): number {
  return elementCount(value.shape, bindings) * BYTES_PER_ELEMENT[value.dtype];
}

/** The buffers of computed values, in the order in which they are allocated. */
export function bufferLifetimes(
  graph: Graph,
  order: readonly Node[],
  bindings: DimBindings,
): readonly Lifetime[] {
  const buffers = planBuffers(graph, order);
  const outputs = new Set(graph.outputs);
  const lifetimes = new Map<Value, { bytes: number; from: number; to: number }>();
  order.forEach((node, at) => {
    for (const value of readValues(node)) {
      const lifetime = lifetimes.get(buffers.get(value) ?? value);
      // A graph output is the caller's from the moment it is computed.
      if (lifetime !== undefined && lifetime.to !== Infinity) lifetime.to = at;
    }
    for (const output of node.outputs) {
      if ((buffers.get(output) ?? output) !== output) continue;
      const to = outputs.has(output) ? Infinity : order.length;
      lifetimes.set(output, { bytes: valueBytes(output, bindings), from: at, to });
    }
  });
  return [...lifetimes.values()];
}
