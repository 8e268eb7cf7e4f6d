import type { Graph } from '../graph';
import type { Node, Value } from '../types';
import { isOp, replaceNode } from './nodes';
import { Rewrite } from './rewrite';

/**
 * A batched product that reads a matrix through a Transpose of its last two axes reads it directly (FusedMatMul's
 * transA, transB); Transposes that nobody reads any more go. A product of which only the transpose is read is computed
 * transposed, (A B)^T = B^T A^T; one of which only a scalar multiple is read takes the scalar as alpha. For the CPU
 * provider alone: WebGPU has no kernel for it.
 */
export function fuseTransposeIntoMatMul(graph: Graph): void {
  const rewrite = new Rewrite(graph);
  for (const node of graph.nodes) if (isProduct(node)) readDirectly(rewrite, node);
  for (const node of graph.nodes) if (isLastTwoSwap(node)) multiplyTransposed(rewrite, node);
  for (const node of graph.nodes) if (isOp(node, 'Mul')) takeFactor(graph, rewrite, node);
  for (const node of graph.nodes) {
    const [turned] = node.outputs;
    const gone = isLastTwoSwap(node) && turned !== undefined && rewrite.producer(turned) === node;
    if (gone && !rewrite.isRead(turned)) rewrite.replace(node, []);
  }
  rewrite.commit();
}

type Product = Node<'MatMul'> | Node<'FusedMatMul'>;

function isProduct(node: Node | undefined): node is Product {
  return isOp(node, 'MatMul') || isOp(node, 'FusedMatMul');
}

function fusedAttributes(node: Product): { transA: boolean; transB: boolean; alpha: number } {
  const { transA = false, transB = false, alpha = 1 } = isOp(node, 'FusedMatMul') ? node.attributes : {};
  return { transA, transB, alpha };
}

function isLastTwoSwap(node: Node | undefined): node is Node<'Transpose'> {
  if (!isOp(node, 'Transpose')) return false;
  const { perm } = node.attributes;
  const rank = perm.length;
  return rank >= 2 && perm.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i));
}

function readDirectly(rewrite: Rewrite, node: Product): void {
  const untransposed = (value: Value | undefined): Value | undefined => {
    const producer = value === undefined ? undefined : rewrite.producer(value);
    return isLastTwoSwap(producer) ? producer.inputs[0] : undefined;
  };
  const [left, right] = node.inputs;
  const a = untransposed(left);
  const b = untransposed(right);
  if (a === undefined && b === undefined) return;
  const { transA, transB, alpha } = fusedAttributes(node);
  const fused = replaceNode(node, 'FusedMatMul', [a ?? left, b ?? right], {
    transA: transA !== (a !== undefined),
    transB: transB !== (b !== undefined),
    alpha,
  });
  rewrite.replace(node, [fused]);
}

/** Transpose(A B) becomes B^T A^T in the place of the Transpose. */
function multiplyTransposed(rewrite: Rewrite, transposed: Node): void {
  const [value] = transposed.inputs;
  const product = value === undefined ? undefined : rewrite.producer(value);
  if (value === undefined || !isProduct(product) || !rewrite.isReadOnce(value)) return;
  const [a, b] = product.inputs;
  const { transA, transB, alpha } = fusedAttributes(product);
  const attributes = { transA: !transB, transB: !transA, alpha };
  rewrite.replace(product, []);
  rewrite.replace(transposed, [replaceNode(transposed, 'FusedMatMul', [b, a], attributes)]);
}

/** Mul(product, constant scalar) becomes the product with that alpha, in the place of the Mul. */
function takeFactor(graph: Graph, rewrite: Rewrite, mul: Node): void {
  const [left, right] = mul.inputs;
  if (left === undefined || right === undefined) return;
  for (const [value, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const product = rewrite.producer(value);
    const factor = scalarConstant(graph, other);
    if (!isProduct(product) || factor === undefined || !rewrite.isReadOnce(value)) continue;
    const attributes = fusedAttributes(product);
    const alpha = attributes.alpha * factor;
    rewrite.replace(product, []);
    rewrite.replace(mul, [replaceNode(mul, 'FusedMatMul', product.inputs, { ...attributes, alpha })]);
    return;
  }
}

function scalarConstant(graph: Graph, value: Value): number | undefined {
  const initializer = graph.initializers.get(value);
  if (initializer?.kind !== 'inline' || value.shape.length > 0) return undefined;
  const [first] = initializer.tensor.data;
  return value.dtype === 'f32' && typeof first === 'number' ? first : undefined;
}
