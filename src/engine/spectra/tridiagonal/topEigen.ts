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
 * The top `count` eigenvalues and vectors of the symmetric matrix of n rows whose lower half stands in `blocks`: it is
 * made tridiagonal, of which all values and the top vectors are found, and the reflections lead these back. That costs
 * some 4/3 n^3 + 2 n^2 count operations, a fraction of what all vectors would. Throws `GraphError` where a number is not
 * finite.
 */
export function topEigen(blocks: readonly GramBlock[], n: number, count: number): TopEigen {
  let sum = 0;
  for (const { values } of blocks) for (const value of values) sum += Math.abs(value);
  if (!Number.isFinite(sum))
    throw new GraphError({ what: 'the eigenvalues of a small matrix do not converge' });
  const { memory, kernel } = (shared ??= newKernel());
  const [calls] = memory.load(blocks, n, NEGLIGIBLE * sum, 1, 1, count);
  kernel.call('tridiagonalise', calls?.tridiagonalise ?? []);
  const tridiagonal = memory.tridiagonal();
  expectConverged(kernel.call('eigenvalues', calls?.eigenvalues ?? []));
  const values = memory.take().subarray(0, count);

  /** Takes from the k-th vector what of it lies along another. */
  const remove = (k: number, other: ReturnType<typeof memory.vector>): unknown =>
    kernel.call('remove', [memory.vector(k).place, other.place, other.bytes]);
  eigenvectors(tridiagonal, values, {
    write: (k, vector) => memory.writeVector(k, vector),
    read: (k) => memory.readVector(k),
    removeEarlier: (k) => {
      for (let other = 0; other < k; other++) remove(k, memory.vector(other));
    },
  });
  // The kernel began with the last row.
  const vectors = new Float64Array(count * n);
  for (let k = 0; k < count; k++) {
    for (let m = 1; m < n; m++) remove(k, memory.reflection(m));
    vectors.set(memory.readVector(k), k * n);
  }
  return { values, vectors };
}

function newKernel() {
  const memory = new KernelMemory();
  return { memory, kernel: new Kernel(memory.memory) };
}
