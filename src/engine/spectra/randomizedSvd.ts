import { GraphError } from '../../base/errors';
import type { TopSingular } from './triples';
import { gemm, mul, reduceSum, sub } from '../graph/builder';
import { Graph } from '../graph/graph';
import type { RunResult, Runtime, Session } from '../graph/runtime';
import type { HostTensor, Value } from '../graph/types';
import { eigenDescending, orthonormaliser } from './smallMatrix';

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
  /** Largest ||W v - sigma u||: each value lies this near to a true singular value of W. */
  readonly errorBound: number;
}

/**
 * Randomised SVD (Halko, Martinsson & Tropp 2011, algorithms 4.4 and 5.1) whose every large product is a matrix
 * product of the runtime; the host only factors q x q Gram matrices, which are summed in f64.
 */
export class RandomizedSvd {
  private constructor(
    private readonly pass: Session,
    private readonly adjointPass: Session,
    private readonly finish: Session,
    private readonly settings: SvdSettings,
  ) {}

  static async create(runtime: Runtime, settings: SvdSettings = DEFAULT_SVD): Promise<RandomizedSvd> {
    const [pass, adjointPass, finish] = await Promise.all([
      runtime.createSession(passGraph(false), { label: 'svd pass' }),
      runtime.createSession(passGraph(true), { label: 'svd adjoint pass' }),
      runtime.createSession(finishGraph(), { label: 'svd finish' }),
    ]);
    return new RandomizedSvd(pass, adjointPass, finish, settings);
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
    const q = Math.min(rank + this.settings.oversampling, rows, columns);
    const w = tensor([rows, columns], weight);
    let sketch: HostTensor = tensor([columns, q], normal(columns * q));
    let factor = identity(q);
    let range = await run(this.pass, w, sketch, factor);
    for (let i = 0; i < this.settings.powerIterations; i++) {
      factor = tensor([q, q], orthonormaliser(range.gram, q));
      const back = await run(this.adjointPass, w, range.product, factor);
      sketch = back.product;
      factor = tensor([q, q], orthonormaliser(back.gram, q));
      range = await run(this.pass, w, sketch, factor);
    }
    // The adjoint pass over an orthonormal range gives B^T = W^T Q; its Gram matrix has W's top squared values.
    factor = tensor([q, q], orthonormaliser(range.gram, q));
    const projected = await run(this.adjointPass, w, range.product, factor);
    const { values, vectors } = eigenDescending(projected.gram, q);
    const rotation = new Float32Array(q * rank);
    const inverseSigma = new Float32Array(rank);
    const sigma = new Float32Array(rank);
    for (let k = 0; k < rank; k++) {
      sigma[k] = Math.sqrt(Math.max(0, values[k] ?? 0));
      inverseSigma[k] = (sigma[k] ?? 0) > 0 ? 1 / (sigma[k] ?? 1) : 0;
      for (let i = 0; i < q; i++) rotation[i * rank + k] = vectors[i * q + k] ?? 0;
    }
    const { host } = await this.finish.run({
      w,
      range: range.product,
      factor,
      projected: projected.product,
      rotation: tensor([q, rank], rotation),
      inverse_sigma: tensor([rank, 1], inverseSigma),
      sigma: tensor([1, rank], sigma),
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
    await Promise.all([this.pass.dispose(), this.adjointPass.dispose(), this.finish.dispose()]);
  }
}

/** product = op(W) (x factor) and its Gram matrix in f64; W [M, K], op is the transpose where `adjoint`. */
function passGraph(adjoint: boolean): Graph {
  const graph = new Graph();
  const w = graph.input('w', 'f32', ['M', 'K']);
  const x = graph.input('x', 'f32', [adjoint ? 'M' : 'K', 'q']);
  const factor = graph.input('factor', 'f32', ['q', 'q']);
  const product = gemm(graph, w, gemm(graph, x, factor), { transA: adjoint, name: 'product' });
  graph.output(product);
  graph.output(gramMatrix(graph, product));
  return graph;
}

function gramMatrix(graph: Graph, x: Value): Value {
  const wide = graph.add('Cast', [x], { to: 'f64' });
  return gemm(graph, wide, wide, { transA: true, name: 'gram' });
}

/** U = Q R, V^T = Sigma^-1 R^T B, and per triple ||W v - sigma u||^2. */
function finishGraph(): Graph {
  const graph = new Graph();
  const w = graph.input('w', 'f32', ['M', 'K']);
  const range = graph.input('range', 'f32', ['M', 'q']);
  const factor = graph.input('factor', 'f32', ['q', 'q']);
  const projected = graph.input('projected', 'f32', ['K', 'q']);
  const rotation = graph.input('rotation', 'f32', ['q', 'r']);
  const inverseSigma = graph.input('inverse_sigma', 'f32', ['r', 1]);
  const sigma = graph.input('sigma', 'f32', [1, 'r']);
  const u = gemm(graph, gemm(graph, range, factor), rotation, { name: 'u' });
  const unscaled = gemm(graph, rotation, projected, { transA: true, transB: true });
  const vt = mul(graph, unscaled, inverseSigma, 'vt');
  const residual = sub(graph, gemm(graph, w, vt, { transB: true }), mul(graph, u, sigma));
  const squares = reduceSum(graph, mul(graph, residual, residual), [0], false, 'residual_squares');
  for (const value of [u, vt, squares]) graph.output(value);
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

function identity(q: number): HostTensor {
  const data = new Float32Array(q * q);
  for (let i = 0; i < q; i++) data[i * q + i] = 1;
  return tensor([q, q], data);
}
