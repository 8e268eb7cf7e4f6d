import type { DeviceTensor, Runtime } from '../graph/runtime';
import type { HostTensor } from '../graph/types';
import { gramTriples } from './gramTriples';
import { frobeniusNorm } from './measures';
import { SketchSessions, type Images, type MatrixSketch } from './sketch';
import { orthonormaliser } from './smallMatrix';
import type { TopSingular } from './triples';

/** How a randomised decomposition is done; part of its cache key. */
export interface SvdSettings {
  /** Columns beyond the rank that the sketch carries. */
  readonly oversampling: number;
  /**
   * Passes W^T W over the sketch; each sharpens the split between kept and lost directions. `RandomizedSvd` makes one at
   * least.
   */
  readonly powerIterations: number;
}

export const DEFAULT_SVD: SvdSettings = { oversampling: 10, powerIterations: 9 };

/** Top singular triples with what they are worth. */
export interface ApproximateSvd extends TopSingular {
  /** Largest ||W v - sigma u|| or ||W^T u - sigma v||: each value lies this near to a true singular value of W. */
  readonly errorBound: number;
}

/** A matrix, and how many of its triples are wanted. */
interface Wanted {
  readonly weight: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
}

/**
 * Randomised SVD (Halko, Martinsson & Tropp 2011) whose every large product is a matrix product of the runtime; the host
 * only factors q x q Gram matrices, which are summed in f64. The sketch stands on the matrix's shorter side.
 *
 * Where they take powers of W^T W, the sketch is multiplied with Chebyshev polynomials of it, which are small over the
 * values 0 .. edge and grow beyond as no other of their degree (Zhou, Saad, Tiago & Chelikowsky 2006, section 2): with a
 * flat spectrum, in which the top values hardly stand out, a few passes do the work of many. The edge is first the mean
 * of all squared values, then the least that the sketch has found (`EDGES`). Where the values that are found fall
 * steeply, powers do as well and round-off asks for them.
 *
 * At the end the vectors' images are made orthonormal, and the triples are those of W seen from there: half a pass more
 * than what the sketch had (Rayleigh-Ritz). The error bound is the residual before that: each value there lies within
 * it of a true one, and this step brings values, which are never too large, only up.
 */
export class RandomizedSvd {
  private tall: Promise<SketchSessions> | undefined;
  private wide: Promise<SketchSessions> | undefined;

  constructor(
    private readonly runtime: Runtime,
    private readonly settings: SvdSettings = DEFAULT_SVD,
  ) {}

  /**
   * The top `rank` triples of W [rows, columns]. `draw` draws the sketch, independent numbers of mean 0 (1 and -1, each
   * as likely, do as well as others: Clarkson & Woodruff 2009): the same numbers give the same result.
   */
  async decompose(
    weight: Float32Array,
    rows: number,
    columns: number,
    rank: number,
    draw: (count: number) => Float32Array,
  ): Promise<ApproximateSvd> {
    const sessions = await this.sessions(columns > rows);
    const w = await this.runtime.upload({ dtype: 'f32', shape: [rows, columns], data: weight });
    const sketch = sessions.of(w);
    try {
      return await this.triples(sketch, { weight, rows, columns, rank }, draw);
    } finally {
      sketch.dispose();
      w.dispose();
    }
  }

  async dispose(): Promise<void> {
    for (const sessions of [this.tall, this.wide]) await (await sessions)?.dispose();
  }

  private sessions(wide: boolean): Promise<SketchSessions> {
    if (wide) return (this.wide ??= SketchSessions.create(this.runtime, true));
    return (this.tall ??= SketchSessions.create(this.runtime, false));
  }

  private async triples(
    sketch: MatrixSketch,
    { weight, rows, columns, rank }: Wanted,
    draw: (count: number) => Float32Array,
  ): Promise<ApproximateSvd> {
    const short = Math.min(rows, columns);
    const q = Math.min(rank + this.settings.oversampling, short);
    const whole = q === short;
    const start = await this.runtime.upload(rowsOf(q, whole ? identity(q) : draw(q * short)));
    const mean = frobeniusNorm(weight) ** 2 / short;
    try {
      // All directions there are need no choice, and a matrix of zeros gives none.
      const images =
        whole || mean === 0
          ? await sketch.out(start, identity(q))
          : await sharpened(sketch, start, mean, this.settings.powerIterations, q);
      const refined = await sketch.refine(images, gramTriples(images.gram, q, q));
      const last = gramTriples(refined.gram, q, rank);
      const { u, vt } = await sketch.finish(refined, last);
      const residuals = refined.residuals.subarray(0, rank);
      const errorBound = Math.sqrt(residuals.reduce((most, value) => Math.max(most, value), 0));
      return { u, sigma: last.sigma, vt, errorBound };
    } finally {
      start.dispose();
    }
  }
}

/** After so many passes the edge is set anew, since the sketch then knows better where the values end that it holds. */
const EDGES: readonly number[] = [1, 3];

/**
 * Above this ratio of the shortest image to the longest, a pass is made without orthonormalising half way: what it loses
 * of the shortest, with the ratio squared, is still far above the round-off of f32, and the next mends it.
 */
const EVEN = 0.03;

/** The images of orthonormal rows that `passes` passes make of the drawn ones. */
async function sharpened(
  sketch: MatrixSketch,
  drawn: DeviceTensor,
  mean: number,
  passes: number,
  q: number,
): Promise<Images> {
  let recurrence = await sketch.begin(drawn, mean);
  let edge = mean;
  for (let done = 1; done < passes; done++) {
    const { factor } = orthonormaliser(recurrence.last.gram, q);
    if (!EDGES.includes(done)) {
      recurrence = await sketch.step(recurrence, factor, edge);
      continue;
    }
    const images = await sketch.out(recurrence.last.rows, factor);
    const { shortest, longest } = orthonormaliser(images.gram, q);
    if (shortest <= EVEN * longest) return powers(sketch, images, passes - done, q);
    edge = shortest * shortest;
    recurrence = await sketch.half(images, edge);
  }
  return sketch.out(recurrence.last.rows, orthonormaliser(recurrence.last.gram, q).factor);
}

/** Plain passes, each half of which is made orthonormal. */
async function powers(sketch: MatrixSketch, first: Images, passes: number, q: number): Promise<Images> {
  let images = first;
  for (let i = 0; i < passes; i++) {
    const back = await sketch.back(images, orthonormaliser(images.gram, q).factor);
    images = await sketch.out(back.rows, orthonormaliser(back.gram, q).factor);
  }
  return images;
}

function rowsOf(q: number, data: Float32Array): HostTensor {
  return { dtype: 'f32', shape: [q, data.length / q], data };
}

function identity(q: number): Float32Array {
  const data = new Float32Array(q * q);
  for (let i = 0; i < q; i++) data[i * q + i] = 1;
  return data;
}
