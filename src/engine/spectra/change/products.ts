import { GraphError } from '../../../base/errors';
import { gemm } from '../../graph/builder';
import { Graph } from '../../graph/graph';
import type { Runtime, Session } from '../../graph/runtime';
import type { HostTensor, Value } from '../../graph/types';
import type { TopSingular } from '../triples';

/** A change of a weight that is given by its factors: Delta W = B A, [outputs, inputs], and never formed. */
export interface FactoredChange {
  /** For errors. */
  readonly name: string;
  readonly outputs: number;
  readonly inputs: number;
  /** The columns of B and rows of A; there may be more of them than the change has directions. */
  readonly rank: number;
  /** [outputs, rank], row-major */
  readonly b: Float32Array;
  /** [rank, inputs], row-major */
  readonly a: Float32Array;
}

/** A weight's top singular directions: the first `known` on the left, of which `rank` are compared on both sides. */
export interface WeightDirections extends Pick<TopSingular, 'u' | 'vt'> {
  readonly known: number;
  readonly rank: number;
}

/** The small matrices, row-major, that tell a change's spectrum, and how it lies to a weight's directions. */
export interface ChangeProducts {
  /** B^T B and A A^T, [rank, rank] */
  readonly gramB: Float64Array;
  readonly gramA: Float64Array;
  /** U^T B [known, rank] and A V [rank, r]; empty without directions */
  readonly onLeft: Float64Array;
  readonly onRight: Float64Array;
}

/**
 * Products of a change's tall factors by matrix products of a runtime, added up in f64. A product of two numbers of f32
 * is exact there.
 */
export class ChangeProductMaker {
  #plain: Promise<Session> | undefined;
  #related: Promise<Session> | undefined;

  /** `runtime` multiplies in f64, so it must be the CPU's. */
  constructor(private readonly runtime: Runtime) {}

  async of(change: FactoredChange, weight?: WeightDirections): Promise<ChangeProducts> {
    const { outputs, inputs, rank, a, b } = change;
    const feeds: Record<string, HostTensor> = {
      b: { dtype: 'f32', shape: [outputs, rank], data: b },
      a: { dtype: 'f32', shape: [rank, inputs], data: a },
    };
    if (weight !== undefined) {
      const { known, rank: r, u, vt } = weight;
      feeds['u'] = { dtype: 'f32', shape: [outputs, known], data: u };
      feeds['vt'] = { dtype: 'f32', shape: [r, inputs], data: vt.subarray(0, r * inputs) };
    }
    const session = await this.session(weight !== undefined);
    const { host } = await session.run(feeds);
    const part = (name: string): Float64Array => {
      const data = host[name]?.data;
      if (!(data instanceof Float64Array)) throw new GraphError({ what: `the change gave no '${name}'` });
      return data;
    };
    const none = new Float64Array();
    return {
      gramB: part('gram_b'),
      gramA: part('gram_a'),
      onLeft: weight === undefined ? none : part('on_left'),
      onRight: weight === undefined ? none : part('on_right'),
    };
  }

  async dispose(): Promise<void> {
    const sessions = [this.#plain, this.#related];
    this.#plain = undefined;
    this.#related = undefined;
    for (const session of sessions) await (await session)?.dispose();
  }

  private session(related: boolean): Promise<Session> {
    const options = { label: 'change of a weight', transient: true };
    if (related) return (this.#related ??= this.runtime.createSession(productGraph(true), options));
    return (this.#plain ??= this.runtime.createSession(productGraph(false), options));
  }
}

function productGraph(related: boolean): Graph {
  const graph = new Graph();
  const wide = (name: string, rows: string, columns: string): Value =>
    graph.add('Cast', [graph.input(name, 'f32', [rows, columns])], { to: 'f64' });
  const b = wide('b', 'M', 'k');
  const a = wide('a', 'k', 'N');
  graph.output(gemm(graph, b, b, { transA: true, name: 'gram_b' }));
  graph.output(gemm(graph, a, a, { transB: true, name: 'gram_a' }));
  if (!related) return graph;
  graph.output(gemm(graph, wide('u', 'M', 'n'), b, { transA: true, name: 'on_left' }));
  graph.output(gemm(graph, a, wide('vt', 'r', 'N'), { transB: true, name: 'on_right' }));
  return graph;
}
