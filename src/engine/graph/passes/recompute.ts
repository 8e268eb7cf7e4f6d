import type { DimBindings } from '../dims';
import type { Graph } from '../graph';
import type { Value } from '../types';
import { keptValues } from './keptValues';
import { viewedValue } from './nodes';
import type { RecomputeLevel } from './recomputable';

export type { RecomputeLevel } from './recomputable';

/**
 * Makes the backward pass compute forward values again instead of keeping them from the forward pass. Run after
 * differentiation and lowering, before `orderForMemory`, which puts each clone just before its use.
 *
 * What is kept: of everything the backward pass reads, and of all the ways to compute that again by recomputable
 * nodes only, the set of values with the fewest bytes (a minimum cut), and of equal sets the one that leaves least to
 * compute. Graph inputs and initializers are there anyway; checkpoints and graph outputs are never computed again,
 * nor is what does not lead to the loss: the gradients that LinearCrossEntropy brings along.
 *
 * Each layer (the scope up to its first number) has clones of its own, in stage `recompute`, shared by the layer's
 * backward nodes, so that none lives from one layer's backward pass to the next's.
 *
 * `bindings` weighs symbolic sizes against one another; every level is right under any.
 */
export function recompute(graph: Graph, level: RecomputeLevel, bindings: DimBindings = {}): void {
  if (level === 'none') return;
  const clone = new Recomputation(graph, level, bindings);
  const before = [...graph.nodes];
  const rewired = before.map((node) => {
    if (node.stage !== 'backward') return node;
    const inputs = node.inputs.map((input) =>
      input === undefined ? undefined : clone.of(input, layerOf(node.scope)),
    );
    return inputs.some((input, i) => input !== node.inputs[i]) ? { ...node, inputs } : node;
  });
  const forward = rewired.filter(({ stage }) => stage === 'forward');
  const clones = graph.nodes.slice(before.length);
  graph.setNodes([...forward, ...clones, ...rewired.filter(({ stage }) => stage !== 'forward')]);
}

/** `model.layers.3` of `model.layers.3.mlp.up_proj`; empty for what lies in no layer. */
function layerOf(scope: string): string {
  const parts = scope.split('.');
  const number = parts.findIndex((part) => /^\d+$/.test(part));
  return parts.slice(0, number + 1).join('.');
}

class Recomputation {
  private readonly kept: ReadonlySet<Value>;
  private readonly clones = new Map<string, Map<Value, Value>>();

  constructor(
    private readonly graph: Graph,
    level: RecomputeLevel,
    bindings: DimBindings,
  ) {
    this.kept = keptValues(graph, level, bindings);
  }

  /** The value to read instead of `value` in a layer's backward pass: itself, where it is kept. */
  of(value: Value, layer: string): Value {
    const node = this.graph.producer(value);
    if (node?.stage !== 'forward' || this.kept.has(value)) return value;
    const known = this.clonesOf(layer).get(value);
    if (known !== undefined) return known;
    const inputs = node.inputs.map((input) => (input === undefined ? undefined : this.of(input, layer)));
    const isView = viewedValue(node) !== undefined;
    if (isView && inputs.every((input, i) => input === node.inputs[i])) {
      this.clonesOf(layer).set(value, value);
      return value;
    }
    const copies = this.graph.staged('recompute', () =>
      this.graph.scoped(node.scope, () =>
        this.graph.addAll(node.op, inputs, node.attributes, {
          name: `${node.outputs[0]?.name ?? node.op}.again`,
        }),
      ),
    );
    node.outputs.forEach((output, i) => this.clonesOf(layer).set(output, copies[i] ?? output));
    return this.clonesOf(layer).get(value) ?? value;
  }

  private clonesOf(layer: string): Map<Value, Value> {
    const known = this.clones.get(layer) ?? new Map<Value, Value>();
    this.clones.set(layer, known);
    return known;
  }
}
