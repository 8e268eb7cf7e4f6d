import { Emitter } from '../../base/emitter';
import type { AdaptedLayer } from '../../engine/adapters/layer';
import type {
  SpectrumQuality,
  WeightDifference,
  WeightRelation,
  WeightSpectrum,
} from '../../protocol/inspector';
import type { Inspector } from './inspector';

/** Matrices that are at work at once: one is read while another's values are found. */
const AT_ONCE = 2;
/** Up to this many rows or columns all values are found about as fast as the top ones. */
const SMALL = 1024;

/** Told of a spectrum, or of a better one than before. */
type Found = (spectrum: WeightSpectrum, done: number, total: number, quality: SpectrumQuality) => void;

type Known = Map<string, WeightSpectrum>;

/**
 * The spectra of models' weights and of what changed in them, as an inspector's process finds them. What was found
 * stays in its cache on the disk.
 */
export class WeightSpectra {
  readonly #found = new Emitter<{ readonly model: string; readonly spectrum: WeightSpectrum }>();

  /** Tells of every spectrum that is found for anybody, with the model's path. */
  readonly onDidFind = this.#found.event;

  constructor(
    private readonly decomposer: {
      readonly calls: Pick<Inspector['calls'], 'spectra' | 'spectrum' | 'relation' | 'difference'>;
    },
  ) {}

  /**
   * Tells of what is known, then finds the rest, of `layers` in their order: of large matrices the top values first, of
   * small ones all, and where it is to be `exact` all of the large ones at last. After the signal nothing more is asked
   * for; it then rejects with its reason.
   */
  async find(
    model: string,
    layers: readonly AdaptedLayer[],
    found: Found,
    signal: AbortSignal,
    exact = true,
  ): Promise<void> {
    const known = await this.read(model);
    signal.throwIfAborted();
    for (const { path } of layers) {
      const spectrum = known.get(path);
      if (spectrum !== undefined) found(spectrum, 0, layers.length, 'fast');
    }
    const isLarge = ({ inputs, outputs }: AdaptedLayer): boolean => Math.min(inputs, outputs) > SMALL;
    await this.findAll(model, known, layers.filter(isLarge), 'fast', found, signal);
    const whole = exact ? layers : layers.filter((layer) => !isLarge(layer));
    await this.findAll(model, known, whole, 'exact', found, signal);
  }

  /** How what a run changed in a module lies to its weight. */
  relation(run: string, module: string): Promise<WeightRelation> {
    return this.decomposer.calls.relation(run, module);
  }

  /** What `tuned` - `base` of a module is like: its spectrum, and how it lies to the base's weight. */
  difference(base: string, tuned: string, module: string): Promise<WeightDifference> {
    return this.decomposer.calls.difference(base, tuned, module);
  }

  /** What is known on the disk; the model may have been changed there since. */
  private async read(model: string): Promise<Known> {
    const spectra = await this.decomposer.calls.spectra(model);
    return new Map(spectra.map((spectrum) => [spectrum.module, spectrum]));
  }

  private async findAll(
    model: string,
    known: Known,
    layers: readonly AdaptedLayer[],
    quality: SpectrumQuality,
    found: Found,
    signal: AbortSignal,
  ): Promise<void> {
    const lacking = layers.filter(({ path }) => {
      const spectrum = known.get(path);
      return spectrum === undefined || (quality === 'exact' && !spectrum.exact);
    });
    let done = layers.length - lacking.length;
    const rest = lacking.values();
    const work = async (): Promise<void> => {
      for (const { path } of rest) {
        signal.throwIfAborted();
        const spectrum = await this.decomposer.calls.spectrum(model, path, quality);
        known.set(path, spectrum);
        this.#found.fire({ model, spectrum });
        signal.throwIfAborted();
        found(spectrum, ++done, layers.length, quality);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
}
