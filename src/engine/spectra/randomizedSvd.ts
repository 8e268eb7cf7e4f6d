import { GraphError } from '../../base/errors';
import type { TopSingular } from './triples';
import { gemm, mul, reduceSum, sub, transpose } from '../graph/builder';
import { Graph } from '../graph/graph';
import type { RunResult, Runtime, Session } from '../graph/runtime';
import type { HostTensor, Value } from '../graph/types';
import { orthonormaliser } from './smallMatrix';
import { symmetricEigen } from './symmetricEigen';

/** How a randomised decomposition is done; part of its cache key. */
export interface SvdSettings {
  /** Columns beyond the rank that the sketch carries. */
  readonly oversampling: number;
  /** Passes W^T W over the sketch; each sharpens the split between kept and lost directions. */
  readonly powerIterations: number;
}

export const DEFAULT_SVD: SvdSettings = { oversampling: 10, powerIterations: 4 };

/** Top singular triples with what they are worth. */
export interface ApproximateSvd extends TopSingular {
  /** Largest ||W v - sigma u|| or ||W^T u - sigma v||: each value lies this near to a true singular value of W. */
  readonly errorBound: number;
}

/**
 * Randomised SVD (Halko, Martinsson & Tropp 2011, algorithms 4.4 and 5.1) whose every large product is a matrix
 * product of the runtime; the host only factors q x q Gram matrices, which are summed in f64. Sketches are kept as
 * rows, [q, n], which the runtime multiplies fastest; a wide matrix is sketched from its shorter side.
 */
export class RandomizedSvd {
  private constructor(
    private readonly tall: Sessions,
    private readonly wide: Sessions,
    private readonly settings: SvdSettings,
  ) {}

  static async create(runtime: Runtime, settings: SvdSettings = DEFAULT_SVD): Promise<RandomizedSvd> {
    const make = (graph: Graph, what: string): Promise<Session> =>
      runtime.createSession(graph, { label: `svd ${what}` });
    const [along, adjoint, ...rest] = await Promise.all([
      make(passGraph(false), 'pass'),
      make(passGraph(true), 'adjoint pass'),
      make(powerGraph(false), 'power'),
      make(powerGraph(true), 'power of a wide matrix'),
      make(finishGraph(false), 'finish'),
      make(finishGraph(true), 'finish of a wide matrix'),
    ]);
    return new RandomizedSvd(
      { out: along, back: adjoint, power: rest[0], finish: rest[2] },
      { out: adjoint, back: along, power: rest[1], finish: rest[3] },
      settings,
    );
  }

  /**
   * The top `rank` triples of W [rows, columns]. `normal` draws the sketch: the same numbers give the same result.
   */
  async decompose(
    weight: Float32Array,
    rows: number,
    columns: number,
    rank: number,
    normal: (count: number) => Float32Array,
  ): Promise<ApproximateSvd> {
    const shortest = Math.min(rows, columns);
    const q = Math.min(rank + this.settings.oversampling, shortest);
    const { out, back, power, finish } = columns > rows ? this.wide : this.tall;
    const w = tensor([rows, columns], weight);
    let range = await run(out, w, tensor([q, shortest], normal(q * shortest)), identity(q));
    let next = orthonormaliser(range.gram, q);
    for (let i = 0; i < this.settings.powerIterations; i++) {
      if (next.spread > EVEN) {
        range = await run(power, w, range.product, square(next.factor, q));
      } else {
        const sketch = await run(back, w, range.product, square(next.factor, q));
        range = await run(out, w, sketch.product, square(orthonormaliser(sketch.gram, q).factor, q));
      }
      next = orthonormaliser(range.gram, q);
    }
    // The way back from an orthonormal range Q gives W^T Q; its Gram matrix has W's top squared values.
    const factor = square(next.factor, q);
    const projected = await run(back, w, range.product, factor);
    const { values, vectors } = symmetricEigen(projected.gram, q);
    const rotation = new Float32Array(q * rank);
    const inverseSigma = new Float32Array(rank);
    const sigma = new Float32Array(rank);
    for (let k = 0; k < rank; k++) {
      sigma[k] = Math.sqrt(Math.max(0, values[k] ?? 0));
      inverseSigma[k] = (sigma[k] ?? 0) > 0 ? 1 / (sigma[k] ?? 1) : 0;
      for (let i = 0; i < q; i++) rotation[i * rank + k] = vectors[i * q + k] ?? 0;
    }
    const { host } = await finish.run({
      w,
      range: range.product,
      factor,
      projected: projected.product,
      rotation: tensor([q, rank], rotation),
      inverse_sigma: tensor([rank, 1], inverseSigma),
      sigma: tensor([rank, 1], sigma),
    });
    const residuals = f32(host, 'residual_squares');
    return {
      u: f32(host, 'u'),
      sigma,
      vt: f32(host, 'vt'),
      errorBound: Math.sqrt(residuals.reduce((most, value) => Math.max(most, value), 0)),
    };
  }

  async dispose(): Promise<void> {
    const { tall, wide } = this;
    const sessions = [tall.out, tall.back, tall.power, tall.finish, wide.power, wide.finish];
    await Promise.all(sessions.map((session) => session.dispose()));
  }
}

/** What a decomposition runs. */
interface Sessions {
  /** W's product from its shorter side to the longer. */
  readonly out: Session;
  readonly back: Session;
  /** Back and out at once. */
  readonly power: Session;
  readonly finish: Session;
}

/**
 * Above this spread of the kept directions two products are made without orthonormalising between them: what they lose
 * of the shortest, with the spread squared, is still far above the round-off of f32, and the next step mends it.
 */
const EVEN = 0.03;

/** product = (factor^T x) op(W) and its Gram matrix in f64; W [M, K], x [q, K], op the transpose; or x [q, M], W. */
function passGraph(adjoint: boolean): Graph {
  const graph = new Graph();
  const w = graph.input('w', 'f32', ['M', 'K']);
  const sketch = orthonormalSketch(graph, adjoint ? 'M' : 'K');
  outputWithGram(graph, gemm(graph, sketch, w, { transB: !adjoint, name: 'product' }));
  return graph;
}

/** product = (factor^T x) W W^T and its Gram matrix in f64; W [M, K], x [q, M]. `wide`: W^T W, x [q, K]. */
function powerGraph(wide: boolean): Graph {
  const graph = new Graph();
  const w = graph.input('w', 'f32', ['M', 'K']);
  const back = gemm(graph, orthonormalSketch(graph, wide ? 'K' : 'M'), w, { transB: wide });
  outputWithGram(graph, gemm(graph, back, w, { transB: !wide, name: 'product' }));
  return graph;
}

function orthonormalSketch(graph: Graph, length: 'M' | 'K'): Value {
  const x = graph.input('x', 'f32', ['q', length]);
  const factor = graph.input('factor', 'f32', ['q', 'q']);
  return gemm(graph, factor, x, { transA: true });
}

function outputWithGram(graph: Graph, product: Value): void {
  graph.output(product);
  const wide = graph.add('Cast', [product], { to: 'f64' });
  graph.output(gemm(graph, wide, wide, { transB: true, name: 'gram' }));
}

/**
 * With Q = factor^T range and B = projected, as rows: Q's side of the triples is R^T Q, the other's Sigma^-1 R^T B, and
 * per triple the square of W times the other's less sigma times Q's, which would be 0 for a true triple. Q's side are
 * the left singular vectors; for a wide matrix the right ones.
 */
function finishGraph(wide: boolean): Graph {
  const graph = new Graph();
  const w = graph.input('w', 'f32', ['M', 'K']);
  const range = graph.input('range', 'f32', ['q', wide ? 'K' : 'M']);
  const factor = graph.input('factor', 'f32', ['q', 'q']);
  const projected = graph.input('projected', 'f32', ['q', wide ? 'M' : 'K']);
  const rotation = graph.input('rotation', 'f32', ['q', 'r']);
  const inverseSigma = graph.input('inverse_sigma', 'f32', ['r', 1]);
  const sigma = graph.input('sigma', 'f32', ['r', 1]);
  const own = gemm(graph, gemm(graph, factor, rotation), range, {
    transA: true,
    ...(wide ? { name: 'vt' } : {}),
  });
  const unscaled = gemm(graph, rotation, projected, { transA: true });
  const other = mul(graph, unscaled, inverseSigma, wide ? undefined : 'vt');
  const residual = sub(graph, gemm(graph, other, w, { transB: !wide }), mul(graph, own, sigma));
  const squares = reduceSum(graph, mul(graph, residual, residual), [1], false, 'residual_squares');
  const u = transpose(graph, wide ? other : own, [1, 0], 'u');
  for (const value of [u, wide ? own : other, squares]) graph.output(value);
  return graph;
}

async function run(
  session: Session,
  w: HostTensor,
  x: HostTensor,
  factor: HostTensor,
): Promise<{ readonly product: HostTensor; readonly gram: Float64Array }> {
  const { host } = await session.run({ w, x, factor });
  const { product, gram } = host;
  if (product === undefined || !(gram?.data instanceof Float64Array)) {
    throw new GraphError({ what: 'the decomposition gave no product' });
  }
  return { product, gram: gram.data };
}

function f32(host: RunResult['host'], name: string): Float32Array {
  const data = host[name]?.data;
  if (!(data instanceof Float32Array)) throw new GraphError({ what: `the decomposition gave no '${name}'` });
  return data;
}

function tensor(shape: readonly number[], data: Float32Array): HostTensor {
  return { dtype: 'f32', shape, data };
}

function square(data: Float32Array, q: number): HostTensor {
  return tensor([q, q], data);
}

function identity(q: number): HostTensor {
  const data = new Float32Array(q * q);
  for (let i = 0; i < q; i++) data[i * q + i] = 1;
  return tensor([q, q], data);
}
