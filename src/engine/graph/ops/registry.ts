import { GraphError } from '../../../base/errors';
import { formatShape, type Shape } from '../dims';
import type { DType, OpAttributes, OpType, Value } from '../types';
import { composite } from './composite';
import { elementwise } from './elementwise';
import { indexing } from './indexing';
import { matmul } from './matmul';
import { movement } from './movement';
import { normalization } from './normalization';
import { reduction } from './reduction';
import { transformer } from './transformer';

export interface ValueType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Everything the engine knows of one operator but its gradient (see autodiff/rules). */
export interface OpDefinition<K extends OpType> {
  /** '' is ai.onnx; 'eigenloom' operators must be lowered before the graph is emitted. */
  readonly domain: '' | 'com.microsoft' | 'eigenloom';
  /** First opset of the domain with the form used here. */
  readonly since: number;
  /** Least and most inputs. */
  readonly arity: readonly [number, number];
  /** The input whose memory output 0 always shares: nothing is copied (`Alias` of onnxruntime's CPU kernel). */
  readonly alias?: number;
  /**
   * Inputs whose memory output 0 may take over (`MayInplace` of onnxruntime's CPU kernel), in the order they are
   * tried. It happens only where nobody reads that input later, it is no graph input, initializer or output, and it
   * has the output's size in bytes. As seen in the peak memory of onnxruntime-node 1.30.0, unoptimised: Sigmoid,
   * Cast, Softmax, LogSoftmax and ScatterElements work in place; arithmetic, Exp, QuickGelu and ScatterND do not.
   */
  readonly inplace?: readonly number[];
  /** Types of the outputs; throws a GraphError that says what does not fit. */
  infer(inputs: readonly (Value | undefined)[], attributes: OpAttributes[K]): readonly ValueType[];
}

/** Every operator, by its exact ONNX name. */
export const operators: { readonly [K in OpType]: OpDefinition<K> } = {
  ...elementwise,
  ...matmul,
  ...movement,
  ...indexing,
  ...reduction,
  ...normalization,
  ...transformer,
  ...composite,
};

function describeInputs(inputs: readonly (Value | undefined)[]): string {
  const types = inputs.map((x) =>
    x === undefined ? 'nothing' : `${x.name} ${x.dtype}${formatShape(x.shape)}`,
  );
  return types.length === 0 ? 'no inputs' : types.join(', ');
}

/**
 * Types of an operator's outputs. Throws a GraphError that names the operator, what does not fit, and the inputs
 * with their types.
 */
export function inferOutputs<K extends OpType>(
  op: K,
  inputs: readonly (Value | undefined)[],
  attributes: OpAttributes[K],
): readonly ValueType[] {
  const definition: OpDefinition<K> = operators[op];
  const [least, most] = definition.arity;
  if (inputs.length < least || inputs.length > most) {
    const expected =
      least === most ? `${least}` : most === Infinity ? `${least} or more` : `${least} to ${most}`;
    throw new GraphError({
      what: `${op} has ${inputs.length} inputs`,
      got: describeInputs(inputs),
      expected,
    });
  }
  try {
    return definition.infer(inputs, attributes);
  } catch (thrown) {
    if (!(thrown instanceof GraphError)) throw thrown;
    const { what, expected } = thrown.facts;
    throw new GraphError(
      { what: `${op}: ${what}`, got: describeInputs(inputs), expected },
      { cause: thrown },
    );
  }
}
