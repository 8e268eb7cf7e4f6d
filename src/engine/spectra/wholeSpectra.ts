import { InputError } from '../../base/errors';
import type { Runtime } from '../graph/runtime';
import { LocalEigenSolver, type EigenSolver } from './eigenSolver';
import { eigenvalueBound, singularValueBound } from './errorBound';
import { GramMatrices, type GramBlock } from './gram';
import { inOrder } from './inOrder';

/** A weight W [rows, columns], row-major. */
export interface NamedMatrix {
  /** For errors. */
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/** All singular values of a matrix. */
export interface Spectrum {
  /** [min(rows, columns)], descending */
  readonly values: Float64Array;
  /** Root of the sum of the squares of all numbers of the matrix, and so of its singular values. */
  readonly frobenius: number;
  /** [min(rows, columns)]: how far each value can lie from the true one; see `eigenvalueBound`. */
  readonly bounds: Float64Array;
  /** The largest of `bounds`. */
  readonly errorBound: number;
}

/** What counts as zero beside the largest number of a Gram matrix; its square must still be within f64's range. */
const NEGLIGIBLE = 2 ** -110;

/**
 * Whole spectra: every singular value, as the roots of the eigenvalues of the Gram matrix in f64. Squaring W's numbers,
 * which come as f32, loses nothing in f64 and leaves its range nowhere, so values down to some 1e-7 of the largest are
 * found, and each comes with a bound of its error. The same matrix gives the same bits.
 */
export class WholeSpectra {
  private readonly gram: GramMatrices;

  /**
   * `runtime` multiplies in f64, so it must be the CPU's. While `solver` works in threads of its own, it serves best
   * with as many threads as the solver leaves idle; on two cores that is one.
   */
  constructor(
    runtime: Runtime,
    private readonly solver: EigenSolver = new LocalEigenSolver(),
  ) {
    this.gram = new GramMatrices(runtime);
  }

  /** The spectrum of one matrix. Throws `InputError` where one of its numbers is not finite. */
  async of(matrix: NamedMatrix): Promise<Spectrum> {
    const { rows, columns, data } = matrix;
    const [size, length] = rows < columns ? [rows, columns] : [columns, rows];
    if (size === 0)
      return { values: new Float64Array(), frobenius: 0, bounds: new Float64Array(), errorBound: 0 };
    const blocks = await this.gram.of(data, rows, columns);
    const energy = trace(blocks);
    // A square in f64 is finite where the number is one of f32.
    if (!Number.isFinite(energy)) throw notFinite(matrix);
    const frobenius = Math.sqrt(energy);
    const squares = await this.solver.solve(blocks, size, NEGLIGIBLE * energy);
    const values = squares.map((square) => Math.sqrt(Math.max(0, square)));
    const gramNorm = Math.sqrt(squares.reduce((sum, square) => sum + square * square, 0));
    const bound = eigenvalueBound(frobenius, gramNorm, length, size);
    const bounds = values.map((value) => singularValueBound(value, bound));
    return { values, frobenius, bounds, errorBound: bounds.reduce((a, b) => Math.max(a, b), 0) };
  }

  /**
   * The spectra of many matrices, in their order, as they are ready. The next matrices are multiplied while the solver
   * works; `matrices` is asked for no more of them than are at work.
   */
  all<M extends NamedMatrix>(
    matrices: Iterable<M> | AsyncIterable<M>,
  ): AsyncGenerator<{ readonly matrix: M; readonly spectrum: Spectrum }> {
    return inOrder(matrices, this.solver.parallel, async (matrix) => ({
      matrix,
      spectrum: await this.of(matrix),
    }));
  }

  async dispose(): Promise<void> {
    await Promise.all([this.gram.dispose(), this.solver.dispose()]);
  }
}

function trace(blocks: readonly GramBlock[]): number {
  let sum = 0;
  for (const { first, rows, values } of blocks) {
    for (let i = 0; i < rows; i++) sum += values[i * (first + rows) + first + i] ?? NaN;
  }
  return sum;
}

function notFinite({ name, columns, data }: NamedMatrix): InputError {
  const index = data.findIndex((value) => !Number.isFinite(value));
  return new InputError({
    what: 'a matrix with a number that is not finite has no singular values',
    tensor: name,
    got: `${data[index]} in row ${Math.floor(index / columns)}, column ${index % columns}`,
    expected: 'finite numbers',
    remedy: 'Check the file that the tensor comes from.',
  });
}
