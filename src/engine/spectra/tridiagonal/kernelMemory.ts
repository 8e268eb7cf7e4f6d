import { InputError } from '../../../base/errors';
import type { GramBlock } from '../gram';
import { MOST_PAGES } from '../wasm/assembler';
import type { KernelCalls } from './kernel';
import { LANE_BYTES } from './tridiagonalise';

const DOUBLE = 8;
/** Vectors begin at the boundary of a cache line. */
const LINE = 64;
const PAGE = 65536;

/** The memory that a kernel works in: filled and read here, whichever thread the kernel runs in. */
export class KernelMemory {
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
  private size = 0;
  private diagonal = 0;

  /**
   * Lays out a symmetric matrix of `size` rows and returns what to call the kernel with. Numbers below `negligible`
   * beside the largest may count as zero. Throws `InputError` where it does not fit into what 32 bits address.
   */
  load(blocks: readonly GramBlock[], size: number, negligible: number): KernelCalls {
    // An odd matrix gets a row and a column of zeros, since the kernel takes them by twos.
    const even = size + (size % 2);
    const strideBytes = even * DOUBLE;
    const lanes = roundUp(even * strideBytes);
    // One pair more than there are columns: an even size makes the kernel look at the pair behind the last.
    const lanesBytes = (even / 2 + 1) * LANE_BYTES;
    const diagonal = lanes + lanesBytes;
    const offDiagonal = diagonal + roundUp(even * DOUBLE);
    this.provide(offDiagonal + roundUp(even * DOUBLE));

    const matrix = new Float64Array(this.memory.buffer, 0, even * even);
    for (const { first, rows, values } of blocks) {
      const columns = first + rows;
      for (let i = 0; i < rows; i++) {
        matrix.set(values.subarray(i * columns, (i + 1) * columns), (first + i) * even);
      }
    }
    if (even > size) clearLast(matrix, even);
    new Float64Array(this.memory.buffer, lanes, lanesBytes / DOUBLE).fill(0);
    this.size = size;
    this.diagonal = diagonal;
    return {
      tridiagonalise: [size, 0, strideBytes, lanes, diagonal, offDiagonal, negligible * negligible],
      eigenvalues: [size, diagonal, offDiagonal],
    };
  }

  /** The eigenvalues of the matrix that was loaded, descending, when the kernel is done with it. */
  take(): Float64Array {
    const found = new Float64Array(this.memory.buffer, this.diagonal, this.size).slice();
    return found.sort().reverse();
  }

  private provide(bytes: number): void {
    const pages = Math.ceil(bytes / PAGE);
    if (pages > MOST_PAGES) {
      throw new InputError({
        what: 'the matrix is too large for a whole spectrum',
        got: `${(bytes / 2 ** 30).toFixed(1)} GiB of work space`,
        expected: `${(MOST_PAGES * PAGE) / 2 ** 30} GiB at most`,
        remedy: 'Ask for the top singular values only.',
      });
    }
    const missing = pages - this.memory.buffer.byteLength / PAGE;
    if (missing > 0) this.memory.grow(missing);
  }
}

/** The row and the column of zeros behind an odd matrix: what a larger one left there must not count. */
function clearLast(matrix: Float64Array, even: number): void {
  matrix.fill(0, (even - 1) * even, even * even);
  for (let i = 0; i < even; i++) matrix[i * even + even - 1] = 0;
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / LINE) * LINE;
}
