import { RandomStream } from '../../../../src/base/random';
import { elementCount, evaluateDim, type DimBindings, type Shape } from '../../../../src/engine/graph/dims';
import { Graph, type NodeOptions } from '../../../../src/engine/graph/graph';
import type { HostTensor, OpAttributes, OpType, Value } from '../../../../src/engine/graph/types';

/** One operand of a case: random numbers unless `values` are given; integers are always given. */
export interface Operand {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: 'f32' | 'i32' | 'i64';
  readonly values: readonly number[] | undefined;
  readonly positive: boolean;
  /** Not differentiated for. */
  readonly frozen: boolean;
}

/** A small graph around one operator. */
export interface OperatorCase<K extends OpType> {
  readonly what: string;
  readonly operands: readonly Operand[];
  /**
   * Adds the operator (and what the case needs around it) and returns what is differentiated. A method, so that a
   * case of one operator is also one of any.
   */
  build(graph: Graph, inputs: readonly Value[], op: K): readonly Value[];
}

/** What the symbols in cases' shapes stand for. */
const BINDINGS: DimBindings = { N: 5, B: 2, L: 3, K: 2 };

let operandCount = 0;

function operand(shape: Shape, more: Partial<Operand> = {}): Operand {
  operandCount += 1;
  return {
    name: `x${operandCount}`,
    shape,
    dtype: 'f32',
    values: undefined,
    positive: false,
    frozen: false,
    ...more,
  };
}

/** Random numbers that are differentiated for. */
export const x = (...shape: Shape): Operand => operand(shape);
/** The same, between 0.5 and 2. */
export const positive = (...shape: Shape): Operand => operand(shape, { positive: true });
/** Random numbers that stay as they are. */
export const frozen = (...shape: Shape): Operand => operand(shape, { frozen: true });
/** Given numbers that stay as they are. */
export const given = (shape: Shape, values: readonly number[]): Operand =>
  operand(shape, { values, frozen: true });
export const i64 = (shape: Shape, values: readonly number[]): Operand =>
  operand(shape, { values, dtype: 'i64', frozen: true });
export const i32 = (shape: Shape, values: readonly number[]): Operand =>
  operand(shape, { values, dtype: 'i32', frozen: true });

/** A case of the bare operator on its operands, all its outputs differentiated. */
export function plain<K extends OpType>(
  what: string,
  operands: readonly Operand[],
  attributes: OpAttributes[K],
  options: NodeOptions = {},
): OperatorCase<K> {
  return { what, operands, build: (graph, inputs, op) => graph.addAll(op, inputs, attributes, options) };
}

export interface BuiltCase {
  readonly graph: Graph;
  readonly of: readonly Value[];
  readonly wrt: readonly Value[];
  readonly feeds: Readonly<Record<string, HostTensor>>;
}

/** A graph of its own for one case, with numbers for its inputs. */
export function buildCase(op: OpType, each: OperatorCase<OpType>): BuiltCase {
  const { operands, what } = each;
  const graph = new Graph();
  const inputs = operands.map(({ name, dtype, shape }) => graph.input(name, dtype, shape));
  const feeds = Object.fromEntries(operands.map((one, i) => [one.name, feed(one, `${op} ${what} ${i}`)]));
  const wrt = inputs.filter((_, i) => operands[i]?.frozen === false);
  return { graph, of: each.build(graph, inputs, op), wrt, feeds };
}

function feed({ dtype, shape, values, positive: above }: Operand, stream: string): HostTensor {
  const sizes = shape.map((dim) => evaluateDim(dim, BINDINGS));
  const count = elementCount(sizes);
  const random = new RandomStream(11, stream);
  const numbers = values ?? Array.from(above ? random.uniforms(count, 0.5, 2) : random.normals(count));
  if (numbers.length !== count) throw new Error(`${numbers.length} values for ${count} elements`);
  if (dtype === 'i64') return { dtype, shape: sizes, data: BigInt64Array.from(numbers, BigInt) };
  if (dtype === 'i32') return { dtype, shape: sizes, data: Int32Array.from(numbers) };
  return { dtype, shape: sizes, data: Float32Array.from(numbers) };
}
