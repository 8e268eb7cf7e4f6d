import { TensorProto_DataType as Onnx } from 'onnx-buf';
import type { DType } from '../types';

const ONNX_TYPES: Readonly<Record<DType, Onnx>> = {
  f32: Onnx.FLOAT,
  f64: Onnx.DOUBLE,
  f16: Onnx.FLOAT16,
  i64: Onnx.INT64,
  i32: Onnx.INT32,
  bool: Onnx.BOOL,
};

const DTYPES: ReadonlyMap<number, DType> = new Map<number, DType>([
  [Onnx.FLOAT, 'f32'],
  [Onnx.DOUBLE, 'f64'],
  [Onnx.FLOAT16, 'f16'],
  [Onnx.INT64, 'i64'],
  [Onnx.INT32, 'i32'],
  [Onnx.BOOL, 'bool'],
]);

/** ONNX's number for an element type. */
export function onnxOfDType(dtype: DType): number {
  return ONNX_TYPES[dtype];
}

/** The element type with this ONNX number; undefined for one the engine does not compute with. */
export function dtypeOfOnnx(type: number): DType | undefined {
  return DTYPES.get(type);
}
