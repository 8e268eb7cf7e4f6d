import { GraphError } from '../../../base/errors';
import { type Dim, formatShape, type Shape } from '../dims';
import { inferOutputs } from '../ops/registry';
import type { CompositeOp, NoAttributes, OpAttributes, OpType } from '../types';
import { dtypeOfOnnx, onnxOfDType } from './dtypes';
import type { NodeReader } from './reader';
import type { NodeWriter } from './writer';

/** How one operator's attributes stand in an ONNX file of opset 21: as attributes, or as constant inputs. */
interface OnnxForm<K extends OpType> {
  /** Inputs that are operands; what follows them in the file are attributes of ours. */
  readonly operands: number;
  write(attributes: OpAttributes[K], node: NodeWriter): void;
  read(node: NodeReader): OpAttributes[K];
}

/** Leaves out keys that are undefined, as optional attributes must be absent and not undefined. */
function present<T extends object>(fields: { readonly [P in keyof T]: T[P] | undefined }): Partial<T> {
  const out: Partial<T> = {};
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) out[key] = value;
  }
  return out;
}

type Plain = { [K in OpType]: NoAttributes extends OpAttributes[K] ? K : never }[OpType];

/** An operator without attributes. */
function plain<K extends Plain>(operands: number): OnnxForm<K> {
  return { operands, write: () => undefined, read: () => ({}) };
}

type Reduction = 'ReduceSum' | 'ReduceMean' | 'ReduceSumSquare';

function reduce<K extends Reduction>(): OnnxForm<K> {
  return {
    operands: 1,
    write: ({ axes, keepdims }, node) => void node.constant(axes).flag('keepdims', keepdims),
    read: (node) => ({ axes: node.needConstant(1), keepdims: node.flag('keepdims') ?? true }),
  };
}

function expectLastAxis(node: NodeReader): void {
  const axis = node.int('axis') ?? -1;
  if (axis !== -1 && axis !== node.operand(0).shape.length - 1)
    node.fail(`has axis ${axis}`, 'the last axis');
}

/** Softmax and LogSoftmax: the last axis may be named from either end. */
function overLastAxis<K extends 'Softmax' | 'LogSoftmax'>(): OnnxForm<K> {
  return {
    operands: 1,
    write: ({ axis }, node) => void node.int('axis', axis),
    read(node) {
      expectLastAxis(node);
      return { axis: -1 };
    },
  };
}

function readReduction(node: NodeReader): { readonly reduction?: 'none' | 'add' } {
  const reduction = node.string('reduction');
  if (reduction === undefined) return {};
  if (reduction !== 'none' && reduction !== 'add')
    return node.fail(`has reduction ${reduction}`, 'none or add');
  return { reduction };
}

/**
 * ONNX's shape input: 0 copies the input's dimension at that place, one -1 is what is left. So a shape can have any
 * number of symbols that stay where they are, and one that does not.
 */
function shapeVector(from: Shape, to: Shape): readonly number[] {
  const vector = to.map((dim, i) => (typeof dim === 'number' ? dim : dim === from[i] ? 0 : -1));
  if (vector.filter((dim) => dim === -1).length > 1) {
    throw new GraphError({
      what: `Reshape moves more than one symbol`,
      got: `${formatShape(from)} to ${formatShape(to)}`,
      expected: 'at most one symbol at another place than in the input',
    });
  }
  return vector;
}

function readReshape(node: NodeReader): OpAttributes['Reshape'] {
  node.only('allowzero', 0);
  const x = node.operand(0);
  const shape = node.needConstant(1).map((dim, i): Dim => (dim === 0 ? (x.shape[i] ?? 0) : dim));
  const [type] = inferOutputs('Reshape', [x], { shape });
  return { shape: type?.shape ?? shape };
}

/** One axis, step 1; ends that lie past the axis or count from its end are resolved. */
function readSlice(node: NodeReader): OpAttributes['Slice'] {
  const [start, ...starts] = node.needConstant(1);
  const [end] = node.needConstant(2);
  const [axis] = node.constant(3) ?? [0];
  const steps = node.constant(4) ?? [1];
  if (start === undefined || end === undefined || axis === undefined || starts.length > 0) {
    return node.fail('slices more than one axis', 'one axis');
  }
  if (steps.some((step) => step !== 1)) node.fail(`has steps ${formatShape(steps)}`, '1');
  const { shape } = node.operand(0);
  const dim = shape[axis < 0 ? axis + shape.length : axis];
  if (typeof dim !== 'number') return node.fail(`slices axis ${axis}`, 'an axis of a fixed length');
  const resolve = (at: number): number => Math.max(0, Math.min(dim, at < 0 ? at + dim : at));
  return { axis, start: resolve(start), end: resolve(end) };
}

function readSplit(node: NodeReader): OpAttributes['Split'] {
  const sizes = node.constant(1);
  const parts = node.int('num_outputs') ?? sizes?.length ?? node.outputCount;
  const equal = sizes === undefined || sizes.every((size) => size === sizes[0]);
  if (!equal || parts !== node.outputCount)
    node.fail('does not split into equal parts', 'one output for each part');
  return { axis: node.int('axis') ?? 0, parts };
}

/** The forms of all operators that may stand in a file; composites have none. */
const forms: { readonly [K in Exclude<OpType, CompositeOp>]: OnnxForm<K> } = {
  Add: plain(2),
  Sub: plain(2),
  Mul: plain(2),
  Div: plain(2),
  Min: plain(Infinity),
  Max: plain(Infinity),
  Neg: plain(1),
  Exp: plain(1),
  Log: plain(1),
  Sqrt: plain(1),
  Reciprocal: plain(1),
  Sigmoid: plain(1),
  Identity: plain(1),
  QuickGelu: {
    operands: 1,
    write: ({ alpha }, node) => void node.float('alpha', alpha),
    // The default of the operator's definition.
    read: (node) => ({ alpha: node.float('alpha') ?? 1.702 }),
  },
  Cast: {
    operands: 1,
    write: ({ to }, node) => void node.int('to', onnxOfDType(to)),
    read(node) {
      const to = node.int('to');
      return {
        to:
          (to === undefined ? undefined : dtypeOfOnnx(to)) ??
          node.fail(`has the target type ${to ?? 'none'}`),
      };
    },
  },
  Gemm: {
    operands: 3,
    write: ({ transA, transB, alpha, beta }, node) =>
      void node.flag('transA', transA).flag('transB', transB).float('alpha', alpha).float('beta', beta),
    read: (node) =>
      present<OpAttributes['Gemm']>({
        transA: node.flag('transA'),
        transB: node.flag('transB'),
        alpha: node.float('alpha'),
        beta: node.float('beta'),
      }),
  },
  MatMul: plain(2),
  FusedMatMul: {
    operands: 2,
    write: ({ transA, transB, alpha }, node) =>
      void node.flag('transA', transA).flag('transB', transB).float('alpha', alpha),
    read(node) {
      node.only('transBatchA', 0);
      node.only('transBatchB', 0);
      return present<OpAttributes['FusedMatMul']>({
        transA: node.flag('transA'),
        transB: node.flag('transB'),
        alpha: node.float('alpha'),
      });
    },
  },
  Transpose: {
    operands: 1,
    write: ({ perm }, node) => void node.ints('perm', perm),
    read: (node) => ({
      perm:
        node.ints('perm') ??
        node
          .operand(0)
          .shape.map((_, i) => i)
          .reverse(),
    }),
  },
  Reshape: {
    operands: 1,
    write(_, node) {
      const [x] = node.operands;
      const [y] = node.outputs;
      if (x !== undefined && y !== undefined) node.constant(shapeVector(x.shape, y.shape));
    },
    read: readReshape,
  },
  Concat: {
    operands: Infinity,
    write: ({ axis }, node) => void node.int('axis', axis),
    read: (node) => ({ axis: node.int('axis') ?? node.fail('has no axis') }),
  },
  Slice: {
    operands: 1,
    write: ({ axis, start, end }, node) => void node.constant([start]).constant([end]).constant([axis]),
    read: readSlice,
  },
  Split: {
    operands: 1,
    write: ({ axis, parts }, node) => void node.int('axis', axis).int('num_outputs', parts),
    read: readSplit,
  },
  Expand: {
    operands: 1,
    write: (_, node) => void node.constant((node.outputs[0]?.shape ?? []).map(Number)),
    read: (node) => ({ shape: node.needConstant(1) }),
  },
  Gather: {
    operands: 2,
    write: ({ axis }, node) => void node.int('axis', axis),
    read(node) {
      node.only('axis', 0);
      return { axis: 0 };
    },
  },
  GatherElements: {
    operands: 2,
    write: ({ axis }, node) => void node.int('axis', axis),
    read: (node) => ({ axis: node.int('axis') ?? 0 }),
  },
  ScatterElements: {
    operands: 3,
    write: ({ axis, reduction }, node) => void node.int('axis', axis).string('reduction', reduction),
    read: (node) => ({ axis: node.int('axis') ?? 0, ...readReduction(node) }),
  },
  ScatterND: {
    operands: 3,
    write: ({ reduction }, node) => void node.string('reduction', reduction),
    read: readReduction,
  },
  ReduceSum: reduce(),
  ReduceMean: reduce(),
  ReduceSumSquare: reduce(),
  Softmax: overLastAxis(),
  LogSoftmax: overLastAxis(),
  SimplifiedLayerNormalization: {
    operands: 2,
    write: ({ epsilon }, node) => void node.int('axis', -1).float('epsilon', epsilon).int('stash_type', 1),
    read(node) {
      expectLastAxis(node);
      return { epsilon: node.float('epsilon') ?? 1e-5 };
    },
  },
  // The kernel takes the head's width from the caches; num_heads and rotary_embedding_dim are for partial rotation.
  RotaryEmbedding: {
    operands: 4,
    write: (_, node) => void node.int('interleaved', 0),
    read(node) {
      node.only('interleaved', 0);
      node.only('rotary_embedding_dim', 0);
      const half = node.operand(2).shape[1];
      if (typeof half !== 'number') return node.fail('has a cos cache without a fixed width');
      return { headDim: 2 * half };
    },
  },
};

/** The ONNX form of an operator; undefined for composites. */
export function formOf<K extends OpType>(op: K): OnnxForm<K> | undefined {
  const table: { readonly [P in OpType]?: OnnxForm<P> } = forms;
  return table[op];
}
