import { dimProduct, shapesEqual } from '../../graph/dims';
import type { Graph } from '../../graph/graph';
import type { OpAttributes, Value } from '../../graph/types';
import { isOp } from '../../graph/passes/nodes';
import { reshaped } from '../reshaped';
import type { GradientRules, InputGradient, RuleContext } from '../rule';

interface Side {
  readonly value: Value;
  readonly transposed: boolean;
}

interface Product {
  readonly left: Side;
  readonly right: Side;
}

/** The factors whose product is the gradient of the left operand of Y = op(A) op(B), in A's own layout. */
function leftGradient(dy: Value, b: Value, transA: boolean, transB: boolean): Product {
  return transA
    ? { left: { value: b, transposed: transB }, right: { value: dy, transposed: true } }
    : { left: { value: dy, transposed: false }, right: { value: b, transposed: !transB } };
}

/** The same for the right operand, in B's own layout. */
function rightGradient(dy: Value, a: Value, transA: boolean, transB: boolean): Product {
  return transB
    ? { left: { value: dy, transposed: true }, right: { value: a, transposed: transA } }
    : { left: { value: a, transposed: !transA }, right: { value: dy, transposed: false } };
}

/** Attributes with the defaults left out, so that graphs print short. */
function flags({ left, right }: Product, alpha: number): OpAttributes['Gemm'] & OpAttributes['FusedMatMul'] {
  return {
    ...(left.transposed ? { transA: true } : {}),
    ...(right.transposed ? { transB: true } : {}),
    ...(alpha === 1 ? {} : { alpha }),
  };
}

function gemm(graph: Graph, product: Product, alpha = 1): Value {
  return graph.add('Gemm', [product.left.value, product.right.value], flags(product, alpha));
}

/**
 * A value with its last two dimensions exchanged. What was made by just that exchange is not transposed twice: its
 * source is taken.
 */
function exchanged(graph: Graph, value: Value): Value {
  const rank = value.shape.length;
  const perm = Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
  const producer = graph.producer(value);
  const source = producer?.inputs[0];
  if (isOp(producer, 'Transpose') && source !== undefined && shapesEqual(producer.attributes.perm, perm)) {
    return source;
  }
  return graph.add('Transpose', [value], { perm });
}

function matMul(graph: Graph, { left, right }: Product): Value {
  const side = ({ value, transposed }: Side): Value => (transposed ? exchanged(graph, value) : value);
  return graph.add('MatMul', [side(left), side(right)], {});
}

/** All leading dimensions as one: [..., k] to [rows, k]. */
function rows(graph: Graph, value: Value): Value {
  return reshaped(graph, value, [dimProduct(value.shape.slice(0, -1)), ...value.shape.slice(-1)]);
}

function gemmRule({ graph, node, dy, needs, input, scalar }: RuleContext<'Gemm'>): readonly InputGradient[] {
  const { transA = false, transB = false, alpha = 1, beta = 1 } = node.attributes;
  const gradients: InputGradient[] = [
    needs(0) ? gemm(graph, leftGradient(dy, input(1), transA, transB), alpha) : undefined,
    needs(1) ? gemm(graph, rightGradient(dy, input(0), transA, transB), alpha) : undefined,
  ];
  if (node.inputs.length > 2) {
    gradients.push(beta === 1 || !needs(2) ? dy : graph.add('Mul', [dy, scalar(beta, dy)], {}));
  }
  return gradients;
}

/**
 * A matrix on the right of a batch is one 2-D product over all rows, so its gradient needs no sum over the batch; but
 * ONNX cannot write the rows' shape where the width is a symbol too.
 */
function matMulRule({ graph, dy, needs, input }: RuleContext<'MatMul'>): readonly InputGradient[] {
  const a = input(0);
  const b = input(1);
  const da = (): Value => {
    const product = leftGradient(dy, b, false, false);
    return a.shape.length === 2 && b.shape.length === 2 ? gemm(graph, product) : matMul(graph, product);
  };
  const db = (): Value => {
    const widths = [a.shape.at(-1), dy.shape.at(-1)];
    const flattens = a.shape.length === 2 || widths.every((width) => typeof width === 'number');
    return b.shape.length === 2 && flattens
      ? gemm(graph, rightGradient(rows(graph, dy), rows(graph, a), false, false))
      : matMul(graph, rightGradient(dy, a, false, false));
  };
  return [needs(0) ? da() : undefined, needs(1) ? db() : undefined];
}

function fusedRule({ graph, node, dy, needs, input }: RuleContext<'FusedMatMul'>): readonly InputGradient[] {
  const { transA = false, transB = false, alpha = 1 } = node.attributes;
  const fused = (product: Product): Value =>
    graph.add('FusedMatMul', [product.left.value, product.right.value], flags(product, alpha));
  return [
    needs(0) ? fused(leftGradient(dy, input(1), transA, transB)) : undefined,
    needs(1) ? fused(rightGradient(dy, input(0), transA, transB)) : undefined,
  ];
}

export const matrix = {
  Gemm: gemmRule,
  MatMul: matMulRule,
  FusedMatMul: fusedRule,
} satisfies Partial<GradientRules>;
