import { GraphError } from '../../base/errors';
import { gemm } from '../graph/builder';
import { Graph } from '../graph/graph';
import type { Runtime, Session } from '../graph/runtime';
import type { HostTensor } from '../graph/types';
import { gramTriples } from './gramTriples';
import type { ApproximateSvd, SvdSettings } from './randomizedSvd';
import { orthonormaliser } from './smallMatrix';

/** One matrix for each name, row-major. */
export type Matrices = ReadonlyMap<string, Float32Array>;

/** Matrices M [outputs, inputs] that are never formed: all that can be had of them are products. */
export interface ImplicitMatrices {
  /** M X^T of each matrix, [outputs, q], for X [q, inputs]; q is the matrix's `sketchWidth` in every product. */
  times(x: Matrices): Promise<Matrices>;
  /** X^T M of each matrix, [q, inputs], for X [outputs, q]. */
  adjointTimes(x: Matrices): Promise<Matrices>;
}

/** Size of an implicit matrix, and how many of its triples are wanted. */
export interface ImplicitSize {
  readonly outputs: number;
  readonly inputs: number;
  readonly rank: number;
}

/** Top singular triples of a matrix that was never formed. */
export interface ImplicitSvd extends ApproximateSvd {
  /**
   * ||M||_F, estimated by the sketch: the mean of ||M x||^2 over its Gaussian vectors x is without bias (Hutchinson
   * 1990), with a relative deviation of about sqrt(2 / (q stable rank)). Never less than the values found come to.
   */
  readonly frobenius: number;
}

/** How many vectors at once a matrix is multiplied with. */
export function sketchWidth({ outputs, inputs, rank }: ImplicitSize, { oversampling }: SvdSettings): number {
  return Math.min(rank + oversampling, outputs, inputs);
}

/** Products that `implicitTopSingular` asks for, each once for all matrices. */
export function implicitPasses({ powerIterations }: SvdSettings): number {
  return 2 * powerIterations + 3;
}

/**
 * The top singular triples of many implicit matrices at once, by randomised SVD (Halko, Martinsson & Tropp 2011,
 * algorithms 4.4 and 5.1): the products are the matrices' own, what is done to them between is done on `runtime`.
 * Where a matrix has fewer directions than are asked for, the rest have a value of 0 and zero vectors.
 *
 * With the last product, M V, the triples are refined once more (`refined`). The error bound is the residual
 * ||M v - sigma u|| before that: each value there lies within it of a true one, and refining brings values, which are
 * never too large, only up.
 *
 * @param normal draws the sketch of a matrix: the same numbers give the same result
 */
export async function implicitTopSingular(
  runtime: Runtime,
  matrices: ImplicitMatrices,
  sizes: ReadonlyMap<string, ImplicitSize>,
  settings: SvdSettings,
  normal: (name: string, count: number) => Float32Array,
): Promise<ReadonlyMap<string, ImplicitSvd>> {
  const widths = new Map([...sizes].map(([name, size]) => [name, sketchWidth(size, settings)]));
  const width = (name: string): number => widths.get(name) ?? 0;
  const sketch = new Map([...sizes].map(([name, { inputs }]) => [name, normal(name, width(name) * inputs)]));
  const algebra = await VectorAlgebra.create(runtime);
  try {
    let range = await matrices.times(sketch);
    const norms = new Map(
      [...range].map(([name, product]) => [name, norm(product) / Math.sqrt(width(name))]),
    );
    for (let i = 0; i < settings.powerIterations; i++) {
      const left = await algebra.orthonormal('columns', range, width);
      const back = await matrices.adjointTimes(left);
      range = await matrices.times(await algebra.orthonormal('rows', back, width));
    }
    const left = await algebra.orthonormal('columns', range, width);
    const found = await projectedTriples(algebra, left, await matrices.adjointTimes(left), width);
    const images = await matrices.times(new Map([...found].map(([name, { vt }]) => [name, vt])));
    const result = new Map<string, ImplicitSvd>();
    for (const [name, { rank }] of sizes) {
      const [image, triples] = [need(images, name), found.get(name)];
      if (triples === undefined) throw new GraphError({ what: 'the sketch lacks a matrix', tensor: name });
      const errorBound = largestResidual(image, triples, rank);
      const better = await refined(algebra, image, triples, rank);
      const frobenius = Math.max(norms.get(name) ?? 0, norm(better.sigma));
      result.set(name, { ...better, errorBound, frobenius });
    }
    return result;
  } finally {
    await algebra.dispose();
  }
}

type Triples = Omit<ApproximateSvd, 'errorBound'>;

function norm(numbers: Float32Array): number {
  let sum = 0;
  for (const number of numbers) sum += number * number;
  return Math.sqrt(sum);
}

/** All q triples of Q B from orthonormal Q [outputs, q] and B = Q^T M [q, inputs], by B's Gram matrix in f64. */
async function projectedTriples(
  algebra: VectorAlgebra,
  left: Matrices,
  projected: Matrices,
  width: (name: string) => number,
): Promise<ReadonlyMap<string, Triples>> {
  const found = new Map<string, Triples>();
  for (const [name, vectors] of left) {
    const q = width(name);
    const b = need(projected, name);
    const { sigma, rotation, over } = gramTriples(await algebra.gram('rows', b, q), q, q);
    found.set(name, {
      u: await algebra.rotate('columns', vectors, q, rotation),
      sigma,
      vt: await algebra.rotate('rows', b, q, over),
    });
  }
  return found;
}

/**
 * The top triples of M V V^T from M V [outputs, q] (Rayleigh-Ritz): the right vectors lie in V's span as before, the
 * left ones become what M makes of them, which is half a power iteration more.
 */
async function refined(
  algebra: VectorAlgebra,
  images: Float32Array,
  { vt, sigma: { length: q } }: Triples,
  rank: number,
): Promise<Triples> {
  const { sigma, rotation, over } = gramTriples(await algebra.gram('columns', images, q), q, rank);
  return {
    u: await algebra.rotate('columns', images, q, over),
    sigma,
    vt: await algebra.rotate('rows', vt, q, rotation),
  };
}

/** The largest ||M v - sigma u|| of the first `rank` triples, from the images M v [outputs, q] of all. */
function largestResidual(images: Float32Array, { u, sigma }: Triples, rank: number): number {
  const squares = new Float64Array(sigma.length);
  for (let i = 0; i < images.length; i++) {
    const k = i % sigma.length;
    const residual = (images[i] ?? NaN) - (u[i] ?? NaN) * (sigma[k] ?? NaN);
    squares[k] = (squares[k] ?? 0) + residual * residual;
  }
  return Math.sqrt(Math.max(...squares.subarray(0, rank)));
}

/** q vectors as the columns of [n, q] or the rows of [q, n]. */
type Side = 'columns' | 'rows';

/** Products of sets of vectors with small matrices, on a runtime; Gram matrices are summed in f64. */
class VectorAlgebra {
  private constructor(
    private readonly grams: Readonly<Record<Side, Session>>,
    private readonly rotations: Readonly<Record<Side, Session>>,
  ) {}

  static async create(runtime: Runtime): Promise<VectorAlgebra> {
    const session = (graph: Graph, label: string): Promise<Session> =>
      runtime.createSession(graph, { label: `sketch ${label}`, transient: true });
    return new VectorAlgebra(
      {
        columns: await session(gramGraph('columns'), 'Gram matrix of columns'),
        rows: await session(gramGraph('rows'), 'Gram matrix of rows'),
      },
      {
        columns: await session(rotationGraph('columns'), 'rotation of columns'),
        rows: await session(rotationGraph('rows'), 'rotation of rows'),
      },
    );
  }

  /**
   * Orthonormal vectors that span the same, set for set: Cholesky QR, twice, since the first leaves what round-off
   * made of nearly dependent vectors (Yamamoto et al. 2015). Directions without content become zero.
   */
  async orthonormal(side: Side, sets: Matrices, width: (name: string) => number): Promise<Matrices> {
    const made = new Map<string, Float32Array>();
    for (const [name, vectors] of sets) {
      const q = width(name);
      let current = vectors;
      for (let round = 0; round < 2; round++) {
        const { factor } = orthonormaliser(await this.gram(side, current, q), q);
        current = await this.rotate(side, current, q, factor);
      }
      made.set(name, current);
    }
    return made;
  }

  /** The inner products [q, q] of q vectors. */
  async gram(side: Side, vectors: Float32Array, q: number): Promise<Float64Array> {
    const { host } = await this.grams[side].run({ x: vectorsTensor(side, vectors, q) });
    const data = host['gram']?.data;
    if (!(data instanceof Float64Array)) throw new GraphError({ what: 'the sketch gave no Gram matrix' });
    return data;
  }

  /** The r combinations of q vectors that the columns of `factor` [q, r] say. */
  async rotate(side: Side, vectors: Float32Array, q: number, factor: Float32Array): Promise<Float32Array> {
    const t: HostTensor = { dtype: 'f32', shape: [q, factor.length / q], data: factor };
    const { host } = await this.rotations[side].run({ x: vectorsTensor(side, vectors, q), t });
    const data = host['rotated']?.data;
    if (!(data instanceof Float32Array)) throw new GraphError({ what: 'the sketch gave no vectors' });
    return data;
  }

  async dispose(): Promise<void> {
    for (const { columns, rows } of [this.grams, this.rotations]) {
      await columns.dispose();
      await rows.dispose();
    }
  }
}

const formOf = (side: Side): readonly string[] => (side === 'columns' ? ['n', 'q'] : ['q', 'n']);

function vectorsTensor(side: Side, data: Float32Array, q: number): HostTensor {
  const n = data.length / q;
  return { dtype: 'f32', shape: side === 'columns' ? [n, q] : [q, n], data };
}

function gramGraph(side: Side): Graph {
  const graph = new Graph();
  const wide = graph.add('Cast', [graph.input('x', 'f32', formOf(side))], { to: 'f64' });
  const rows = side === 'rows';
  graph.output(gemm(graph, wide, wide, { transA: !rows, transB: rows, name: 'gram' }));
  return graph;
}

function rotationGraph(side: Side): Graph {
  const graph = new Graph();
  const x = graph.input('x', 'f32', formOf(side));
  const t = graph.input('t', 'f32', ['q', 'r']);
  graph.output(
    side === 'columns'
      ? gemm(graph, x, t, { name: 'rotated' })
      : gemm(graph, t, x, { transA: true, name: 'rotated' }),
  );
  return graph;
}

function need(matrices: Matrices, name: string): Float32Array {
  const matrix = matrices.get(name);
  if (matrix === undefined) throw new GraphError({ what: 'a product lacks a matrix', tensor: name });
  return matrix;
}
