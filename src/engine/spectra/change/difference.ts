import { GraphError } from '../../../base/errors';
import { gemm } from '../../graph/builder';
import { Graph } from '../../graph/graph';
import type { Runtime } from '../../graph/runtime';
import { frobeniusNorm } from '../measures';
import type { TopSingular } from '../triples';
import type { WeightDirections } from './products';
import { type Relation, relationBy } from './relation';

/** A change that has no factors: a whole matrix Delta W [outputs, inputs], with its own top `rank` left directions. */
export interface DenseChange extends Pick<TopSingular, 'u'> {
  readonly outputs: number;
  readonly inputs: number;
  readonly matrix: Float32Array;
  /** ||Delta W||_F */
  readonly frobenius: number;
}

/** The relation of a whole matrix to a weight, by matrix products of a runtime. */
export async function relateDense(
  runtime: Runtime,
  { outputs, inputs, matrix, u, frobenius }: DenseChange,
  weight: WeightDirections,
): Promise<Relation> {
  const { known, rank } = weight;
  const graph = new Graph();
  const left = graph.input('u', 'f32', [outputs, known]);
  const own = graph.input('own', 'f32', [outputs, rank]);
  const along = gemm(graph, left, graph.input('m', 'f32', [outputs, inputs]), { transA: true });
  const right = graph.input('vt', 'f32', [rank, inputs]);
  graph.output(gemm(graph, along, right, { transB: true, name: 'inside' }));
  graph.output(gemm(graph, left, own, { transA: true, name: 'cosines' }));
  const session = await runtime.createSession(graph, { label: 'difference', transient: true });
  try {
    const { host } = await session.run({
      u: { dtype: 'f32', shape: [outputs, known], data: weight.u },
      vt: { dtype: 'f32', shape: [rank, inputs], data: weight.vt.subarray(0, rank * inputs) },
      own: { dtype: 'f32', shape: [outputs, rank], data: u },
      m: { dtype: 'f32', shape: [outputs, inputs], data: matrix },
    });
    const [inside, cosines] = [host['inside']?.data, host['cosines']?.data];
    if (!(inside instanceof Float32Array) || !(cosines instanceof Float32Array))
      throw new GraphError({ what: 'the difference gave no products' });
    // Of the rows for all known directions those of the top ones.
    return relationBy(cosines, frobeniusNorm(inside.subarray(0, rank * rank)), frobenius, weight);
  } finally {
    await session.dispose();
  }
}
