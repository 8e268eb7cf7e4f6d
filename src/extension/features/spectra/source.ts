import type { Spectrum, SpectraModule, SpectraSet, SpectraView } from '../../../protocol/panels/spectra';
import type { PanelProgress } from '../../../protocol/panels/subject';
import type { FollowedSubject } from '../../follower';

/** What there is to decompose. */
export interface SpectraOutline {
  /** Of what the spectra are: as long as it is the same, those that are there stay. */
  readonly key: string;
  /** For people: the experiment, the model or the run. */
  readonly name: string;
  readonly model?: string;
  readonly modules: readonly SpectraModule[];
  readonly sets: readonly SpectraSet[];
  /** The experiment's method and rank, where there is a rank to be set. */
  readonly adapter?: NonNullable<SpectraView['adapter']>;
}

/** What is told while matrices are decomposed. */
export interface SpectraListener {
  /** A module's spectrum, or a better one than was told before. */
  found(spectrum: Spectrum): void;
  progress(progress: PanelProgress): void;
}

/** Where spectra come from. Both methods reject with `InputError` for what the user can mend. */
export interface SpectraSource {
  /** What there is: of an experiment's text as it is now, a model, or a run. Quick: it reads no weights. */
  outline(subject: FollowedSubject, signal: AbortSignal): Promise<SpectraOutline>;
  /**
   * Decomposes all that an outline lists, or brings what is known of it already; resolves when the last is told.
   * Soon after the signal it does nothing more, and may reject.
   */
  decompose(outline: SpectraOutline, listener: SpectraListener, signal: AbortSignal): Promise<void>;
}
