import { formatShape } from './dims';
import { shortestFloat32 } from './float32';
import type { Graph } from './graph';
import type { Initializer, Node, Value } from './types';

function typed(value: Value, graph: Graph): string {
  const mark = graph.checkpoints.has(value) ? ' checkpoint' : '';
  return `${value.name} ${value.dtype}${formatShape(value.shape)}${mark}`;
}

function printAttribute(value: unknown): string {
  if (typeof value === 'number') return String(shortestFloat32(value));
  if (Array.isArray(value)) return `[${value.map(String).join(', ')}]`;
  return String(value);
}

/** Attributes in the order of their names. Reshape's and Expand's shape is left to the output's type. */
function printAttributes(node: Node): string {
  const entries = Object.entries(node.attributes)
    .filter(([key, value]) => value !== undefined && key !== 'shape')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0
    ? ''
    : ` {${entries.map(([key, value]) => `${key}: ${printAttribute(value)}`).join(', ')}}`;
}

function printNode(node: Node, graph: Graph): string {
  const inputs = node.inputs.map((value) => value?.name ?? '-').join(', ');
  const { adjoint } = node;
  const back =
    adjoint === undefined
      ? []
      : [adjoint.indices, adjoint.mask].flatMap((v) => (v === undefined ? [] : [v.name]));
  const adjointText = back.length === 0 ? '' : ` adjoint(${back.join(', ')})`;
  const place = node.scope === '' ? node.stage : `${node.stage} ${node.scope}`;
  return `${node.outputs.map((value) => typed(value, graph)).join(', ')} = ${node.op}(${inputs})${printAttributes(node)}${adjointText} # ${place}`;
}

function printInitializer(initializer: Initializer, graph: Graph): string {
  if (initializer.kind === 'inline') return typed(initializer.value, graph);
  const { file, offset, length } = initializer.location;
  return `${typed(initializer.value, graph)} from ${file} ${offset}+${length}`;
}

/**
 * A graph as stable text, one thing a line, so that transforms are tested by reading them:
 *
 *     input x f32[N, 4]
 *     initializer w f32[3, 4] from model.safetensors 1024+48
 *     y f32[N, 3] = Gemm(x, w) {transB: true} # forward model.layers.0.mlp
 *     output y
 *
 * The data of initializers is left out.
 */
export function printGraph(graph: Graph): string {
  const lines = [
    ...graph.inputs.map((value) => `input ${typed(value, graph)}`),
    ...[...graph.initializers.values()].map(
      (initializer) => `initializer ${printInitializer(initializer, graph)}`,
    ),
    ...graph.nodes.map((node) => printNode(node, graph)),
    ...graph.outputs.map((value) => `output ${value.name}`),
  ];
  return `${lines.join('\n')}\n`;
}
