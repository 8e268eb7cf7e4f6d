import { broadcastShapes } from '../../../src/engine/graph/dims';
import { broadcastStrides, offsets, tensor, type Kernels, type Tensor } from './tensor';

type Call = { readonly input: (i: number) => Tensor };

function unary(f: (x: number) => number): (call: Call) => Tensor {
  return ({ input }) => {
    const { shape, data } = input(0);
    return tensor(shape, data.map(f));
  };
}

function binary(f: (a: number, b: number) => number): (call: Call) => Tensor {
  return ({ input }) => {
    const a = input(0);
    const b = input(1);
    const shape = broadcastShapes(a.shape, b.shape)?.map(Number);
    if (shape === undefined) throw new Error(`[${a.shape.join()}] and [${b.shape.join()}] do not broadcast`);
    const atA = offsets(shape, broadcastStrides(a.shape, shape));
    const atB = offsets(shape, broadcastStrides(b.shape, shape));
    const out = tensor(shape);
    for (let i = 0; i < out.data.length; i++) {
      out.data[i] = f(a.data[atA[i] ?? 0] ?? 0, b.data[atB[i] ?? 0] ?? 0);
    }
    return out;
  };
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

export const elementwise = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Min: binary(Math.min),
  Max: binary(Math.max),
  Neg: unary((x) => -x),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((x) => 1 / x),
  Sigmoid: unary(sigmoid),
  QuickGelu: ({ input, attributes: { alpha } }) => unary((x) => x * sigmoid(alpha * x))({ input }),
  Cast: ({ input, attributes: { to } }) => {
    if (to === 'bool') return unary((x) => (x === 0 ? 0 : 1))({ input });
    return to === 'i32' || to === 'i64' ? unary(Math.trunc)({ input }) : input(0);
  },
  Identity: ({ input }) => input(0),
} satisfies Partial<Kernels>;
