import type { Listen } from '../../../base/emitter';
import type {
  Spectrum,
  SpectraModule,
  SpectraSet,
  SpectraView,
  Timeline,
} from '../../../protocol/panels/spectra';
import type { PanelProgress } from '../../../protocol/panels/subject';
import type { FollowedSubject } from '../../follower';
import type { WeightSpectra } from '../../process/weightSpectra';

/** What there is to decompose. */
export interface SpectraOutline {
  /** The path of the model whose spectra they are: as long as it is the same, those that are there stay. */
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

/** Where spectra come from. Its promises reject with `InputError` for what the user can mend. */
export interface SpectraSource {
  /** What there is: of an experiment's text as it is now, a model, or a run. Quick: it reads no weights. */
  outline(subject: FollowedSubject, signal: AbortSignal): Promise<SpectraOutline>;
  /**
   * Decomposes all that an outline lists, or brings what is known of it already; resolves when the last is told.
   * Soon after the signal it does nothing more, and may reject.
   */
  decompose(outline: SpectraOutline, listener: SpectraListener, signal: AbortSignal): Promise<void>;
  /** The sets that comparing an outline with a model adds. */
  comparedSets(outline: SpectraOutline, model: string): readonly SpectraSet[];
  /** Finds the spectra of those sets, as `decompose` does; modules that the model lacks have none. */
  compare(
    outline: SpectraOutline,
    model: string,
    listener: SpectraListener,
    signal: AbortSignal,
  ): Promise<void>;
}

/** What is found out about a run's change when it is asked for. */
export type ChangeCalls = Pick<WeightSpectra, 'relation'>;

/** A run whose training is looked at. */
export interface TrainedRun {
  readonly folder: string;
  /** For people. */
  readonly name: string;
  /** A trainer is at work on it. */
  readonly live: boolean;
}

/** What one run recorded of its changes, read as it comes. */
export interface TrainingFeed {
  /** The steps that were recorded, ascending. */
  readonly steps: readonly number[];
  /** Reads what is new: whether there was anything. */
  poll(): Promise<boolean>;
  /** What had changed after a step; nothing where none was recorded for it. */
  spectra(step: number): readonly Spectrum[];
  /** All but the run's own words. */
  timeline(): Omit<Timeline, 'run' | 'live'>;
  /**
   * Asks for what was not recorded of the last step's changes, and is told of each spectrum that knows more now. Soon
   * after the signal it asks for nothing more.
   */
  relate(found: (spectrum: Spectrum) => void, signal: AbortSignal): Promise<void>;
}

/** Where what runs recorded comes from. */
export interface TrainingSource {
  /** The runs have changed. */
  readonly onDidChange: Listen<void>;
  /** The run of a subject that has recorded changes: itself, or an experiment's newest such run. */
  find(subject: FollowedSubject): Promise<TrainedRun | undefined>;
  open(run: TrainedRun): TrainingFeed;
}
