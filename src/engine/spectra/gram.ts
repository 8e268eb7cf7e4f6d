import { GraphError } from '../../base/errors';
import { gemm, slice, transpose } from '../graph/builder';
import { Graph } from '../graph/graph';
import type { Runtime, Session } from '../graph/runtime';
import type { Value } from '../graph/types';

/**
 * Blocks of this many rows, and this many blocks at most: more of them save more of the half that is not needed, but
 * small products are slower, and each block copies the rows that stand before it.
 */
const BLOCK_ROWS = 96;
const MOST_BLOCKS = 8;

/** Rows `first` .. `first + rows - 1` of a Gram matrix, each from column 0 to the block's own last row. */
export interface GramBlock {
  readonly first: number;
  readonly rows: number;
  /** [rows, first + rows], row-major */
  readonly values: Float64Array;
}

/**
 * Gram matrices in f64 by matrix products of a runtime: W W^T or W^T W, whichever is smaller, and of that only the
 * blocks at and left of the diagonal. A product of two numbers of f32 is exact in f64, so that the only error is that
 * of adding up.
 */
export class GramMatrices {
  private readonly sessions = new Map<string, Promise<Session>>();

  constructor(private readonly runtime: Runtime) {}

  /** The blocks, from the first row to the last, for W [rows, columns]. */
  async of(weight: Float32Array, rows: number, columns: number): Promise<readonly GramBlock[]> {
    const session = await this.session(rows, columns);
    const { host } = await session.run({ w: { dtype: 'f32', shape: [rows, columns], data: weight } });
    return blockRanges(Math.min(rows, columns)).map(([first, end], index) => {
      const values = host[blockName(index)]?.data;
      if (!(values instanceof Float64Array))
        throw new GraphError({ what: 'the product gave no Gram matrix' });
      return { first, rows: end - first, values };
    });
  }

  async dispose(): Promise<void> {
    const sessions = [...this.sessions.values()];
    this.sessions.clear();
    for (const session of sessions) await (await session).dispose();
  }

  private session(rows: number, columns: number): Promise<Session> {
    const key = `${rows} ${columns}`;
    const made =
      this.sessions.get(key) ??
      this.runtime.createSession(gramGraph(rows, columns), { label: 'Gram matrix', transient: true });
    this.sessions.set(key, made);
    return made;
  }
}

function gramGraph(rows: number, columns: number): Graph {
  const graph = new Graph();
  const w = graph.input('w', 'f32', [rows, columns]);
  // One row for each row of the Gram matrix: then a block of them is one piece of memory.
  const vectors = rows <= columns ? w : transpose(graph, w, [1, 0]);
  const wide = graph.add('Cast', [vectors], { to: 'f64' });
  const size = Math.min(rows, columns);
  const part = (first: number, end: number): Value =>
    first === 0 && end === size ? wide : slice(graph, wide, 0, first, end);
  for (const [index, [first, end]] of blockRanges(size).entries()) {
    graph.output(gemm(graph, part(first, end), part(0, end), { transB: true, name: blockName(index) }));
  }
  return graph;
}

/** Where blocks of about equal size begin and end. They begin at even rows. */
function blockRanges(size: number): (readonly [first: number, end: number])[] {
  const count = Math.min(MOST_BLOCKS, Math.max(1, Math.round(size / BLOCK_ROWS)));
  const rows = 2 * Math.ceil(size / count / 2);
  const ranges: (readonly [number, number])[] = [];
  for (let first = 0; first < size; first += rows) ranges.push([first, Math.min(size, first + rows)]);
  return ranges;
}

function blockName(index: number): string {
  return `block_${index}`;
}
