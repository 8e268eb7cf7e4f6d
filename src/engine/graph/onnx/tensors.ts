import { create } from '@bufbuild/protobuf';
import {
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation as DataLocation,
  TensorProtoSchema,
} from 'onnx-buf';
import { InputError } from '../../../base/errors';
import {
  BYTES_PER_ELEMENT,
  type DType,
  type ExternalLocation,
  type HostTensor,
  type TensorData,
} from '../types';
import { dtypeOfOnnx, onnxOfDType } from './dtypes';

/** An initializer whose bytes stand in the model. ONNX is little-endian, as every machine this runs on. */
export function inlineTensor(name: string, { dtype, shape, data }: HostTensor): TensorProto {
  const rawData = new Uint8Array(data.byteLength);
  rawData.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType: onnxOfDType(dtype), rawData });
}

/** An initializer whose bytes stand in a file beside the model. */
export function externalTensor(
  name: string,
  dtype: DType,
  shape: readonly number[],
  { file, offset, length }: ExternalLocation,
): TensorProto {
  const entries = { location: file, offset: String(offset), length: String(length) };
  return create(TensorProtoSchema, {
    name,
    dims: shape.map(BigInt),
    dataType: onnxOfDType(dtype),
    dataLocation: DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    ),
  });
}

/** What an initializer of a file is. */
export type TensorSource =
  | { readonly kind: 'inline'; readonly tensor: HostTensor }
  | {
      readonly kind: 'external';
      readonly dtype: DType;
      readonly shape: readonly number[];
      readonly location: ExternalLocation;
    };

function fail(proto: TensorProto, what: string, got?: string, expected?: string): never {
  throw new InputError({ what, tensor: proto.name, got, expected });
}

function readShape(proto: TensorProto): readonly number[] {
  const shape = proto.dims.map(Number);
  const elements = shape.reduce((product, dim) => product * dim, 1);
  if (shape.some((dim) => dim < 0) || !Number.isSafeInteger(elements)) {
    fail(proto, 'has an impossible shape', `[${shape.join(', ')}]`);
  }
  return shape;
}

function readDType(proto: TensorProto): DType {
  return (
    dtypeOfOnnx(proto.dataType) ??
    fail(proto, 'has an element type this engine does not compute with', `ONNX type ${proto.dataType}`)
  );
}

function fromBytes(dtype: DType, bytes: Uint8Array): TensorData {
  // A copy: the file's bytes need not be aligned to the element size.
  const { buffer } = new Uint8Array(bytes);
  switch (dtype) {
    case 'f32':
      return new Float32Array(buffer);
    case 'f64':
      return new Float64Array(buffer);
    case 'f16':
      return new Uint16Array(buffer);
    case 'i64':
      return new BigInt64Array(buffer);
    case 'i32':
      return new Int32Array(buffer);
    case 'bool':
      return new Uint8Array(buffer);
  }
}

/** The numbers of a tensor that keeps them in typed fields instead of bytes. */
function fromFields(dtype: DType, proto: TensorProto): TensorData {
  switch (dtype) {
    case 'f32':
      return Float32Array.from(proto.floatData);
    case 'f64':
      return Float64Array.from(proto.doubleData);
    case 'f16':
      return Uint16Array.from(proto.int32Data);
    case 'i64':
      return BigInt64Array.from(proto.int64Data);
    case 'i32':
      return Int32Array.from(proto.int32Data);
    case 'bool':
      return Uint8Array.from(proto.int32Data);
  }
}

function readInline(proto: TensorProto): HostTensor {
  const dtype = readDType(proto);
  const shape = readShape(proto);
  const elements = shape.reduce((product, dim) => product * dim, 1);
  const size = elements * BYTES_PER_ELEMENT[dtype];
  const raw = proto.rawData.length > 0;
  if (raw && proto.rawData.length !== size) {
    fail(proto, 'has another number of bytes than its shape', `${proto.rawData.length}`, `${size}`);
  }
  const data = raw ? fromBytes(dtype, proto.rawData) : fromFields(dtype, proto);
  if (data.length !== elements) {
    fail(proto, 'has another number of elements than its shape', `${data.length}`, `${elements}`);
  }
  return { dtype, shape, data };
}

function readExternal(proto: TensorProto): TensorSource {
  const entries = new Map(proto.externalData.map(({ key, value }) => [key, value]));
  const dtype = readDType(proto);
  const shape = readShape(proto);
  const file = entries.get('location');
  if (file === undefined || file === '') fail(proto, 'is external but names no file');
  const size = shape.reduce((product, dim) => product * dim, 1) * BYTES_PER_ELEMENT[dtype];
  const offset = Number(entries.get('offset') ?? '0');
  const length = Number(entries.get('length') ?? size);
  if (!Number.isSafeInteger(offset) || offset < 0)
    fail(proto, 'has an impossible offset', entries.get('offset'));
  if (length !== size) fail(proto, 'has another number of bytes than its shape', `${length}`, `${size}`);
  return { kind: 'external', dtype, shape, location: { file, offset, length } };
}

/** Reads an initializer; throws an InputError that names it where its bytes, shape and type do not fit. */
export function readTensor(proto: TensorProto): TensorSource {
  if (proto.dataLocation === DataLocation.EXTERNAL) return readExternal(proto);
  return { kind: 'inline', tensor: readInline(proto) };
}
