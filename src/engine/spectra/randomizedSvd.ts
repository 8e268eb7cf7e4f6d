import type { Runtime } from '../graph/runtime';
import type { HostTensor } from '../graph/types';
import { GramMatrices } from './gram';
import { gramTriples } from './gramTriples';
import { blockWidth, krylovChoice, type KrylovForm } from './krylov';
import { SketchSessions, type Images, type MatrixSketch } from './sketch';
import { orthonormaliser } from './smallMatrix';
import type { TopSingular } from './triples';

/** How a randomised decomposition is done; part of its cache key. */
export interface SvdSettings {
  /** Directions beyond the rank that are carried along. */
  readonly oversampling: number;
  /**
   * Passes W^T W over the sketch; each sharpens the split between kept and lost directions. `RandomizedSvd` makes as
   * many at least as its sketch needs to hold all directions that are wanted.
   */
  readonly powerIterations: number;
}

export const DEFAULT_SVD: SvdSettings = { oversampling: 4, powerIterations: 13 };

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
 * Randomised SVD whose every large product is a matrix product of the runtime: the directions are the best of a Krylov
 * space that starts from random rows (`krylovChoice`); the host only factors small matrices, in f64. The sketch stands
 * on the matrix's shorter side.
 *
 * Where the values that are found fall so steeply that W^T W in f32 does not hold the smaller, powers of it sharpen
 * them, made orthonormal on either side of W (Halko, Martinsson & Tropp 2011, algorithm 4.4).
 *
 * At the end the vectors' images are made orthonormal, and the triples are those of W seen from there: half a pass more
 * than what the sketch had (Rayleigh-Ritz). The error bound is the residual before that: each value there lies within
 * it of a true one, and this step brings values, which are never too large, only up.
 */
export class RandomizedSvd {
  private tall: Promise<SketchSessions> | undefined;
  private wide: Promise<SketchSessions> | undefined;
  private readonly grams: GramMatrices;

  constructor(
    private readonly runtime: Runtime,
    private readonly settings: SvdSettings = DEFAULT_SVD,
  ) {
    this.grams = new GramMatrices(runtime);
  }

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
    await this.grams.dispose();
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
    const block = blockWidth(rank);
    const enough = rank + this.settings.oversampling;
    // Where a sketch would hold about all directions there are, these need no choice; and zeros give none.
    const whole = enough + block > short || weight.every((value) => value === 0);
    const q = whole ? short : enough;
    const images = whole
      ? await sketch.out(rowsOf(short, identity(short)), identity(short))
      : await this.chosen(sketch, draw(block * short), {
          short,
          block,
          q,
          gram: () => this.grams.of(weight, rows, columns),
        });
    const refined = await sketch.refine(images, gramTriples(images.gram, q, q));
    const last = gramTriples(refined.gram, q, rank);
    const { u, vt } = await sketch.finish(refined, last);
    const residuals = refined.residuals.subarray(0, rank);
    const errorBound = Math.sqrt(residuals.reduce((most, value) => Math.max(most, value), 0));
    return { u, sigma: last.sigma, vt, errorBound };
  }

  /** The images of q orthonormal rows that hold most of W. */
  private async chosen(
    sketch: MatrixSketch,
    drawn: Float32Array,
    form: Omit<KrylovForm, 'passes'>,
  ): Promise<Images> {
    const passes = this.settings.powerIterations;
    const { basis, factor } = await krylovChoice(sketch, drawn, { ...form, passes });
    const images = await sketch.out(basis, factor);
    const { shortest, longest } = orthonormaliser(images.gram, form.q);
    return shortest > EVEN * longest ? images : powers(sketch, images, passes, form.q);
  }
}

/**
 * Above this ratio of the shortest image to the longest, products with W^T W in f32 tell the directions well apart: with
 * the ratio squared, the shortest is still far above round-off.
 */
const EVEN = 0.03;

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
