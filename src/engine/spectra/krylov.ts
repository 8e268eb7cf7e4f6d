import type { DeviceTensor } from '../graph/runtime';
import type { HostTensor } from '../graph/types';
import type { GramBlock } from './gram';
import type { MatrixSketch } from './sketch';
import { orthonormaliser } from './smallMatrix';
import { topEigen } from './tridiagonal/topEigen';

/** Rows at once: a multiple of what the runtime's products take in one go, which is two vectors of AVX2. */
const BLOCK_STEP = 16;
/** Of the rank that is wanted, a block has about this share; the passes make the basis several times as wide as it. */
const BLOCK_SHARE = 0.5;

/**
 * A block whose shortest row is above this share of the largest inner product needs no second orthogonalisation: the
 * first left round-off of f32 alone, and making the rows as long as 1 does not make that much larger.
 */
const CLEAN = 3e-3;

/**
 * Above this share of W's shorter side, a basis would cost about as much as the whole Gram matrix, and its last blocks
 * would be made of little but round-off.
 */
const WIDEST = 0.75;

/** How many rows the sketch starts from, where `rank` directions are wanted. */
export function blockWidth(rank: number): number {
  return BLOCK_STEP * Math.max(1, Math.ceil((BLOCK_SHARE * rank) / BLOCK_STEP));
}

/** What a Krylov space is made for. */
export interface KrylovForm {
  /** W's shorter side; at least `block` + `q` */
  readonly short: number;
  /** Rows of the first block, and of each that a pass adds. */
  readonly block: number;
  /** At least so many as bring q rows are made. */
  readonly passes: number;
  /** How many directions are wanted. */
  readonly q: number;
  /** Makes the Gram matrix of W's shorter side. */
  readonly gram: () => Promise<readonly GramBlock[]>;
}

/** Rows that span a Krylov space, and which combinations of them hold most of W. */
export interface KrylovChoice {
  /** [k, short]; orthonormal rows, and perhaps one of zeros */
  readonly basis: HostTensor;
  /** [k, q] */
  readonly factor: Float32Array;
}

/**
 * The q directions that hold most of W among those which powers of W^T W (for a tall W), 0 to `passes` - 1, make of the
 * drawn rows [b, short]: block Lanczos with full orthogonalisation (Golub & Underwood 1977; for random rows Musco & Musco
 * 2015, algorithm 2). Of all polynomials of that degree it finds the best for each direction, so that blocks narrower
 * than q do, and it takes fewer products than a filter that is chosen beforehand.
 */
export async function krylovChoice(
  sketch: MatrixSketch,
  drawn: Float32Array,
  { short, block: b, passes, q, gram: wholeGram }: KrylovForm,
): Promise<KrylovChoice> {
  const most = Math.max(passes, Math.ceil(q / b));
  if (most * b > WIDEST * short) return wholeChoice(await wholeGram(), short, q);
  // A row of zeros stands for the basis before the first block.
  const size = 1 + most * b;
  const rows = new Float32Array(size * short);
  const upTo = (k: number): HostTensor => hostRows(rows.subarray(0, k * short), short);
  const products = new Float64Array(size * size);
  let rest: HostTensor | DeviceTensor = hostRows(drawn, short);
  let gram = gramOf(drawn, b);
  let largest = 0;
  for (let k = 1; k < size; k += b) {
    const { factor, shortest } = orthonormaliser(gram, b);
    const cleaner = upTo(shortest > CLEAN * largest ? 1 : k);
    const pass = await sketch.pass({ basis: upTo(k), cleaner, rest, factor });
    rows.set(pass.x, k * short);
    for (let j = 0; j < b; j++) {
      for (let i = 0; i < k + b; i++) {
        const product = (i < k ? pass.inner[j * k + i] : pass.own[j * b + i - k]) ?? 0;
        products[(k + j) * size + i] = product;
        products[i * size + k + j] = product;
        largest = Math.max(largest, Math.abs(product));
      }
    }
    rest = pass.rest.rows;
    gram = pass.rest.gram;
  }
  return choice(upTo(size), [{ first: 0, rows: size, values: products }], q);
}

/** The same where the passes would fill the space: from the whole Gram matrix, which then costs less. */
function wholeChoice(gram: readonly GramBlock[], short: number, q: number): KrylovChoice {
  const identity = new Float32Array(short * short);
  for (let i = 0; i < short; i++) identity[i * short + i] = 1;
  return choice(hostRows(identity, short), gram, q);
}

/** The best q combinations of the basis, from the inner products [k, k] of its images. */
function choice(basis: HostTensor, products: readonly GramBlock[], q: number): KrylovChoice {
  const [k = 0] = basis.shape;
  const { vectors } = topEigen(products, k, q);
  const factor = new Float32Array(k * q);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < q; j++) factor[i * q + j] = vectors[j * k + i] ?? 0;
  }
  return { basis, factor };
}

function hostRows(data: Float32Array, length: number): HostTensor {
  return { dtype: 'f32', shape: [data.length / length, length], data };
}

/** The inner products [q, q] of q rows in f64. */
function gramOf(data: Float32Array, q: number): Float64Array {
  const n = data.length / q;
  const gram = new Float64Array(q * q);
  for (let i = 0; i < q; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let l = 0; l < n; l++) sum += (data[i * n + l] ?? 0) * (data[j * n + l] ?? 0);
      gram[i * q + j] = sum;
      gram[j * q + i] = sum;
    }
  }
  return gram;
}
