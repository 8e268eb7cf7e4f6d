import type { Shape } from '../dims';
import type { DType, OpAttributes, OpType, Value } from '../types';

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
  /** Whether the output may take the memory of the input with this index, as onnxruntime's kernel declares. */
  readonly inplace?: readonly number[];
  /** Types of the outputs; throws a GraphError that says what does not fit. */
  infer(inputs: readonly (Value | undefined)[], attributes: OpAttributes[K]): readonly ValueType[];
}

/** STUB-LOCATION: the table is assembled from the families in this folder. */
export declare const operators: { readonly [K in OpType]: OpDefinition<K> };

export function inferOutputs<K extends OpType>(
  _op: K,
  _inputs: readonly (Value | undefined)[],
  _attributes: OpAttributes[K],
): readonly ValueType[] {
  throw new Error('to be written');
}
