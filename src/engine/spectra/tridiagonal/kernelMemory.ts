import { InputError } from '../../../base/errors';
import type { GramBlock } from '../gram';
import { MOST_PAGES } from '../wasm/assembler';
import { eigenvaluesCall } from './eigenvalues';
import type { Tridiagonal } from './inverseIteration';
import type { KernelCalls } from './kernel';
import { LANE_BYTES, tridiagonaliseCall } from './tridiagonalise';

const DOUBLE = 8;
const PAIR = 16;
/** Vectors begin at the boundary of a cache line. */
const LINE = 64;
const PAGE = 65536;

/** A matrix of so many rows is divided among threads: with fewer they would wait for each other too often. */
const SHARED_ROWS = 1024;
const SHARED_PARTS = 2;

/** Into how many parts a matrix is divided: by its size alone, since that decides the bits of the result. */
export function partsOf(size: number): number {
  return size < SHARED_ROWS ? 1 : SHARED_PARTS;
}

/** Where things stand in the memory. */
interface Layout {
  readonly size: number;
  readonly parts: number;
  readonly strideBytes: number;
  readonly spareRow: number;
  readonly lanes: number;
  readonly partBytes: number;
  readonly barrier: number;
  readonly diagonal: number;
  readonly offDiagonal: number;
  readonly vectors: number;
  readonly end: number;
}

/** Where numbers stand, and how many bytes of them, by pairs. */
interface Stored {
  readonly place: number;
  readonly bytes: number;
}

/** The memory that a kernel works in: filled and read here, whichever threads the kernel runs in. */
export class KernelMemory {
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true });
  private layout = layoutOf(0, 1, 0);

  /**
   * Lays out a symmetric matrix of `size` rows and returns what to call the kernel with in each of `threads` threads,
   * which is 1 or the number of parts. Numbers below `negligible` beside the largest may count as zero. There is room
   * for so many `vectors`, which are 0. Throws `InputError` where the matrix does not fit into what 32 bits address.
   */
  load(
    blocks: readonly GramBlock[],
    size: number,
    negligible: number,
    threads = 1,
    parts = partsOf(size),
    vectors = 0,
  ): readonly KernelCalls[] {
    const layout = layoutOf(size, parts, vectors);
    this.provide(layout.end);
    this.layout = layout;

    const even = layout.strideBytes / DOUBLE;
    const matrix = new Float64Array(this.memory.buffer, 0, even * even);
    for (const { first, rows, values } of blocks) {
      const columns = first + rows;
      for (let i = 0; i < rows; i++) {
        matrix.set(values.subarray(i * columns, (i + 1) * columns), (first + i) * even);
      }
    }
    if (even > size) clearLast(matrix, even);
    const { spareRow, diagonal, vectors: first, end } = layout;
    new Float64Array(this.memory.buffer, spareRow, (diagonal - spareRow) / DOUBLE).fill(0);
    new Float64Array(this.memory.buffer, first, (end - first) / DOUBLE).fill(0);

    const each = parts / threads;
    return Array.from({ length: threads }, (_, thread) => ({
      tridiagonalise: tridiagonaliseCall({
        ...layout,
        matrix: 0,
        firstPart: thread * each,
        endPart: (thread + 1) * each,
        negligible: negligible * negligible,
      }),
      eigenvalues: thread === 0 ? eigenvaluesCall(layout) : undefined,
    }));
  }

  /** The eigenvalues of the matrix that was loaded, descending, when the kernel is done with it. */
  take(): Float64Array {
    const { diagonal, size } = this.layout;
    const found = new Float64Array(this.memory.buffer, diagonal, size).slice();
    return found.sort().reverse();
  }

  /** The tridiagonal matrix, when the kernel has made it and not yet been asked for its eigenvalues. */
  tridiagonal(): Tridiagonal {
    const { diagonal, offDiagonal, size } = this.layout;
    return { diagonal: this.numbers(diagonal, size), offDiagonal: this.numbers(offDiagonal, size) };
  }

  /** Where row m stands: when the matrix is tridiagonal, the vector x of the reflection I - x x^T that made the row so. */
  reflection(m: number): Stored {
    return { place: m * this.layout.strideBytes, bytes: PAIR * (1 + (m >> 1)) };
  }

  /** The k-th of the vectors that there is room for. */
  vector(k: number): Stored {
    const { vectors, strideBytes } = this.layout;
    return { place: vectors + k * strideBytes, bytes: strideBytes };
  }

  writeVector(k: number, vector: Float64Array): void {
    new Float64Array(this.memory.buffer, this.vector(k).place, this.layout.size).set(vector);
  }

  readVector(k: number): Float64Array {
    return this.numbers(this.vector(k).place, this.layout.size);
  }

  private numbers(place: number, count: number): Float64Array {
    return new Float64Array(this.memory.buffer, place, count).slice();
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

/** The matrix first, then what is zero at the start, then what comes out. */
function layoutOf(size: number, parts: number, count: number): Layout {
  // An odd matrix gets a row and a column of zeros, since the kernel takes them by twos.
  const even = size + (size % 2);
  const strideBytes = even * DOUBLE;
  const spareRow = roundUp(even * strideBytes);
  const lanes = spareRow + roundUp(strideBytes);
  // One pair more than there are columns: an even size makes the kernel look at the pair behind the last.
  const partBytes = (even / 2 + 1) * LANE_BYTES;
  const barrier = lanes + parts * partBytes;
  const diagonal = barrier + LINE;
  const offDiagonal = diagonal + roundUp(strideBytes);
  const vectors = offDiagonal + roundUp(strideBytes);
  const end = vectors + count * strideBytes;
  return {
    size,
    parts,
    strideBytes,
    spareRow,
    lanes,
    partBytes,
    barrier,
    diagonal,
    offDiagonal,
    vectors,
    end,
  };
}

/** The row and the column of zeros behind an odd matrix: what a larger one left there must not count. */
function clearLast(matrix: Float64Array, even: number): void {
  matrix.fill(0, (even - 1) * even, even * even);
  for (let i = 0; i < even; i++) matrix[i * even + even - 1] = 0;
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / LINE) * LINE;
}
