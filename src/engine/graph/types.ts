import type { Shape } from './dims';

/** Element types the engine computes with. ONNX spells them FLOAT, DOUBLE, FLOAT16, INT64, INT32, BOOL. */
export type DType = 'f32' | 'f64' | 'f16' | 'i64' | 'i32' | 'bool';

export const BYTES_PER_ELEMENT: Readonly<Record<DType, number>> = {
  f32: 4,
  f64: 8,
  f16: 2,
  i64: 8,
  i32: 4,
  bool: 1,
};

/** Attributes per operator, under their ONNX names. An operator that has none has an empty interface. */
export interface OpAttributes {
  // elementwise
  Add: NoAttributes;
  Sub: NoAttributes;
  Mul: NoAttributes;
  Div: NoAttributes;
  Min: NoAttributes;
  Max: NoAttributes;
  Neg: NoAttributes;
  Exp: NoAttributes;
  Log: NoAttributes;
  Sqrt: NoAttributes;
  Reciprocal: NoAttributes;
  Sigmoid: NoAttributes;
  /** com.microsoft: x * sigmoid(alpha * x); alpha 1 is SiLU, in one pass. */
  QuickGelu: { readonly alpha: number };
  Cast: { readonly to: DType };
  Identity: NoAttributes;
  // matrix products
  /** alpha * op(A) op(B) + beta * C, 2-D; the third input is optional and broadcasts. */
  Gemm: {
    readonly transA?: boolean;
    readonly transB?: boolean;
    readonly alpha?: number;
    readonly beta?: number;
  };
  MatMul: NoAttributes;
  /** com.microsoft, CPU only: batched alpha * op(A) op(B); put in by a pass, never by a builder. */
  FusedMatMul: { readonly transA?: boolean; readonly transB?: boolean; readonly alpha?: number };
  // movement
  Transpose: { readonly perm: readonly number[] };
  /**
   * The target shape stands as an attribute (symbols allowed) and becomes ONNX's shape input on the way out,
   * with at most one -1; a dimension equal to the input's at the same place becomes 0 (copy).
   */
  Reshape: { readonly shape: Shape };
  Concat: { readonly axis: number };
  /** Contiguous slice on one axis; `start` and `end` are numbers (ONNX inputs on the way out). */
  Slice: { readonly axis: number; readonly start: number; readonly end: number };
  /** Equal parts on one axis (ONNX num_outputs): the axis' dimension must be divisible. */
  Split: { readonly axis: number; readonly parts: number };
  /** The target shape stands as an attribute and must be fully static. */
  Expand: { readonly shape: Shape };
  // indexing
  /** axis is always 0 in this engine: rows of `data` by `indices` of any shape. */
  Gather: { readonly axis: 0 };
  GatherElements: { readonly axis: number };
  ScatterElements: { readonly axis: number; readonly reduction?: 'none' | 'add' };
  ScatterND: { readonly reduction?: 'none' | 'add' };
  // reductions over `axes` (always kept as 1 where keepdims)
  ReduceSum: { readonly axes: readonly number[]; readonly keepdims: boolean };
  ReduceMean: { readonly axes: readonly number[]; readonly keepdims: boolean };
  ReduceSumSquare: { readonly axes: readonly number[]; readonly keepdims: boolean };
  // normalisation
  /** Over the last axis only. */
  Softmax: { readonly axis: -1 };
  LogSoftmax: { readonly axis: -1 };
  /** RMSNorm over the last axis: x / sqrt(mean(x^2) + epsilon) * scale. Only its first output is ever used. */
  SimplifiedLayerNormalization: { readonly epsilon: number };
  // transformer
  /**
   * com.microsoft: x [N, 1, heads*headDim], position_ids [N, 1] i64, cos and sin caches [positions, headDim/2], where
   * the second axis (the kernel's sequence) may not be longer than the caches;
   * rotates the two halves of each head (Hugging Face's rotate_half).
   */
  RotaryEmbedding: { readonly headDim: number };
  // composite operators of ours (domain eigenloom), replaced by `lower` before the graph is emitted
  /**
   * hidden [S, d], weight [V, d], labels [S] i32, weights [S] f32 ->
   *   loss []      = sum_s weights_s * (-log softmax(hidden_s weight^T)[labels_s])
   *   dHidden [S, d] = d loss / d hidden
   *   dWeight [V, d] = d loss / d weight (third output, only where `withWeightGradient`)
   * The gradient comes with the forward pass so that no chunk of logits is computed twice or outlives its chunk.
   * S must be divisible by `chunks`.
   */
  LinearCrossEntropy: { readonly chunks: number; readonly withWeightGradient: boolean };
  /**
   * gate, up of one shape -> silu(gate) * up (Shazeer 2020). One operator, so that its gradient comes from gate and up
   * alone and silu(gate) is not kept for it.
   */
  SwiGLU: NoAttributes;
}

/** Operators of ours that no file holds. */
export type CompositeOp = 'LinearCrossEntropy' | 'SwiGLU';

// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export type NoAttributes = {};

export type OpType = keyof OpAttributes;

/**
 * Where a node stands in the program. The emitter writes the stages in this order, since onnxruntime runs the
 * later of two ready nodes first (see passes/order.ts).
 */
export type Stage = 'forward' | 'recompute' | 'backward' | 'update';

export interface Value {
  readonly id: number;
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** How the gradient of a one-to-one Gather is gathered back, instead of scattered: see `GatherOptions`. */
export interface GatherAdjoint {
  /** For each row of `data`, the row of the (flattened) output that it went to; any row where it went nowhere. */
  readonly indices: Value;
  /**
   * Multiplies the gathered-back gradient (shape `indices.shape ++ data.shape[1:]`, before it is reshaped to data's
   * shape), and broadcasts to it: 0 where the row went nowhere.
   */
  readonly mask?: Value | undefined;
}

export interface Node<K extends OpType = OpType> {
  readonly id: number;
  readonly op: K;
  readonly attributes: OpAttributes[K];
  /** `undefined` where an optional input is left out. */
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly stage: Stage;
  /** The module it belongs to, e.g. `model.layers.3.self_attn`; what recomputation and pictures group by. */
  readonly scope: string;
  /** Only on Gather. */
  readonly adjoint?: GatherAdjoint | undefined;
}

export type TensorData = Float32Array | Float64Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array;

/** A tensor in host memory. `data` is f16 as raw Uint16Array bits, bool as Uint8Array. */
export interface HostTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** Where a weight's bytes lie: a file name relative to the session's weights folder, little-endian, row-major. */
export interface ExternalLocation {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

export type Initializer =
  | { readonly kind: 'inline'; readonly value: Value; readonly tensor: HostTensor }
  | { readonly kind: 'external'; readonly value: Value; readonly location: ExternalLocation };
