import { broadcastShapes } from '../../../src/engine/graph/dims';
import { broadcastStrides, offsets, product, tensor, type Kernels, type Tensor } from './tensor';

interface Options {
  readonly transA?: boolean;
  readonly transB?: boolean;
  readonly alpha?: number;
}

/** alpha * op(A) op(B) over the last two axes, with the others broadcast. */
function multiply(a: Tensor, b: Tensor, { transA = false, transB = false, alpha = 1 }: Options): Tensor {
  const [rowsA = 1, columnsA = 1] = a.shape.slice(-2);
  const [rowsB = 1, columnsB = 1] = b.shape.slice(-2);
  const [m, k] = transA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, n] = transB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (k !== inner) throw new Error(`inner dimensions ${k} and ${inner} differ`);
  const [stepAi, stepAk] = transA ? [1, m] : [k, 1];
  const [stepBk, stepBj] = transB ? [1, k] : [n, 1];
  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  const batch = broadcastShapes(batchA, batchB)?.map(Number);
  if (batch === undefined)
    throw new Error(`batches [${batchA.join()}] and [${batchB.join()}] do not broadcast`);
  const atA = offsets(batch, broadcastStrides(batchA, batch));
  const atB = offsets(batch, broadcastStrides(batchB, batch));
  const out = tensor([...batch, m, n]);
  for (let p = 0; p < product(batch); p++) {
    const fromA = (atA[p] ?? 0) * m * k;
    const fromB = (atB[p] ?? 0) * k * n;
    for (let i = 0; i < m; i++) {
      const to = (p * m + i) * n;
      for (let l = 0; l < k; l++) {
        const factor = alpha * (a.data[fromA + i * stepAi + l * stepAk] ?? 0);
        const row = fromB + l * stepBk;
        for (let j = 0; j < n; j++) {
          out.data[to + j] = (out.data[to + j] ?? 0) + factor * (b.data[row + j * stepBj] ?? 0);
        }
      }
    }
  }
  return out;
}

export const matrix = {
  Gemm: ({ input, inputs, attributes }) => {
    const out = multiply(input(0), input(1), attributes);
    const c = inputs[2];
    if (c === undefined) return out;
    const at = offsets(out.shape, broadcastStrides(c.shape, out.shape));
    const { beta = 1 } = attributes;
    return tensor(
      out.shape,
      out.data.map((x, i) => x + beta * (c.data[at[i] ?? 0] ?? 0)),
    );
  },
  MatMul: ({ input }) => multiply(input(0), input(1), {}),
  FusedMatMul: ({ input, attributes }) => multiply(input(0), input(1), attributes),
} satisfies Partial<Kernels>;
