import { GraphError } from '../../../base/errors';
import type { GramBlock } from '../gram';
import { eigenvectors } from './inverseIteration';
import { expectConverged, Kernel } from './kernel';
import { KernelMemory } from './kernelMemory';

/** The top eigenvalues and vectors of a symmetric matrix [n, n]. */
export interface TopEigen {
  /** [count], descending */
  readonly values: Float64Array;
  /** [count, n], one vector a row; orthonormal */
  readonly vectors: Float64Array;
}

/** What counts as zero beside the sum of the diagonal; its square must still be within f64's range. */
const NEGLIGIBLE = 2 ** -110;

/** One for all calls: each is done before the next begins. */
let shared: { readonly memory: KernelMemory; readonly kernel: Kernel } | undefined;

/**
 * The top `count` eigenvalues and vectors of the symmetric matrix of n rows whose lower half stands in `blocks`, with
 * what lies right of the diagonal in even rows (see `tridiagonalise`), which blocks that begin at even rows hold: it is
 * made tridiagonal, of which all values and the top vectors are found, and the reflections lead these back. That costs
 * some 4/3 n^3 + 2 n^2 count operations, a fraction of what all vectors would. Throws `GraphError` where a number is not
 * finite.
 */
export function topEigen(blocks: readonly GramBlock[], n: number, count: number): TopEigen {
  const sum = blocks.reduce((all, { values }) => all + absoluteSum(values), 0);
  if (!Number.isFinite(sum))
    throw new GraphError({ what: 'the eigenvalues of a small matrix do not converge' });
  const { memory, kernel } = (shared ??= newKernel());
  const [calls] = memory.load(blocks, n, NEGLIGIBLE * sum, 1, 1, count);
  kernel.call('tridiagonalise', calls?.tridiagonalise ?? []);
  const tridiagonal = memory.tridiagonal();
  expectConverged(kernel.call('eigenvalues', calls?.eigenvalues ?? []));
  const values = memory.take().subarray(0, count);

  const { place: first, bytes: step } = memory.vector(0);
  eigenvectors(tridiagonal, values, {
    write: (k, vector) => memory.writeVector(k, vector),
    read: (k) => memory.readVector(k),
    removeEarlier: (k) =>
      kernel.remove({ place: first + k * step, step: 0 }, { place: first, step }, step, k),
  });
  // The kernel began with the last row.
  for (let m = 1; m < n; m++) {
    const { place, bytes } = memory.reflection(m);
    kernel.remove({ place: first, step }, { place, step: 0 }, bytes, count);
  }
  const vectors = new Float64Array(count * n);
  for (let k = 0; k < count; k++) vectors.set(memory.readVector(k), k * n);
  return { values, vectors };
}

/** The sum of the numbers' absolute values: finite where all of them are. */
function absoluteSum(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.abs(values[i] ?? 0);
  return sum;
}

function newKernel() {
  const memory = new KernelMemory();
  return { memory, kernel: new Kernel(memory.memory) };
}
