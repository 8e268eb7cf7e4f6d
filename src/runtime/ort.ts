import * as ort from 'onnxruntime-node';
import { GraphError } from '../base/errors';
import type { DType, HostTensor, TensorData } from '../engine/graph/types';

export { ort };

/** A tensor as onnxruntime knows it: in host memory or, with location `gpu-buffer`, on the WebGPU device. */
export type OrtTensor = ort.Tensor;

const ORT_TYPES = { f32: 'float32', f64: 'float64', i64: 'int64', i32: 'int32', bool: 'bool' } as const;
type OrtType = (typeof ORT_TYPES)[keyof typeof ORT_TYPES];

const DTYPES: Readonly<Record<OrtType, DType>> = {
  float32: 'f32',
  float64: 'f64',
  int64: 'i64',
  int32: 'i32',
  bool: 'bool',
};

function isOrtType(type: string): type is OrtType {
  return Object.hasOwn(DTYPES, type);
}

/** The engine's name of an onnxruntime element type. */
export function dtypeOf(type: string): DType {
  if (!isOrtType(type))
    throw new GraphError({ what: 'onnxruntime gave an element type the engine has none for', got: type });
  return DTYPES[type];
}

/**
 * Wraps a host tensor for a run: no copy is made here nor by the CPU provider.
 *
 * f16 is refused: onnxruntime-node 1.30 mixes up its element sizes where JavaScript has a `Float16Array`. Graphs have
 * f32 inputs and outputs and cast inside.
 */
export function toOrt(name: string, { dtype, shape, data }: HostTensor): OrtTensor {
  if (dtype === 'f16') {
    throw new GraphError({
      what: 'a graph input cannot be f16',
      tensor: name,
      remedy: 'Feed f32 and cast in the graph.',
    });
  }
  return new ort.Tensor(ORT_TYPES[dtype], data, shape);
}

/** What holds the elements of a tensor in host memory, if it is one of what the engine knows. */
function hostData(name: string, type: string, data: unknown): TensorData {
  if (
    data instanceof Float32Array ||
    data instanceof Float64Array ||
    data instanceof BigInt64Array ||
    data instanceof Int32Array ||
    data instanceof Uint8Array
  ) {
    return data;
  }
  throw new GraphError({
    what: 'onnxruntime gave data the engine has no type for',
    tensor: name,
    got: type,
  });
}

/** An output in host memory, as the engine knows it; shares the tensor's memory. */
export function fromOrt(name: string, tensor: OrtTensor): HostTensor {
  return {
    dtype: dtypeOf(tensor.type),
    shape: [...tensor.dims],
    data: hostData(name, tensor.type, tensor.data),
  };
}
