import { Emitter } from '../../../src/base/emitter';
import { rangesOf, reachOf, TRAINING } from '../../../src/extension/features/spectra/changeSpectra';
import type {
  TrainedRun,
  TrainingFeed,
  TrainingSource,
} from '../../../src/extension/features/spectra/source';
import type { Spectrum, SpectraModule, Timeline } from '../../../src/protocol/panels/spectra';
import { changeOf, decoderModules } from '../../support/spectraModel';

/** Steps from one evaluation to the next. */
const EVERY = 25;
const RANK = 16;

/** A run that recorded what it changed at each evaluation: from nothing to a change that has settled. */
export class PlayedRun implements TrainingSource, TrainingFeed {
  readonly changed = new Emitter<void>();
  readonly onDidChange = this.changed.event;
  readonly #modules: readonly SpectraModule[];
  #polled = 0;

  constructor(
    private readonly layers: number,
    width: number,
    private count: number,
    private readonly live: boolean,
  ) {
    this.#modules = decoderModules(layers, width);
  }

  /** One evaluation more. */
  grow(): void {
    this.count++;
  }

  get steps(): readonly number[] {
    return Array.from({ length: this.count }, (_, index) => index * EVERY);
  }

  find(): Promise<TrainedRun | undefined> {
    const run = { folder: '/work/runs/gsm8k-lamda', name: 'gsm8k-lamda', live: this.live };
    return Promise.resolve(this.count === 0 ? undefined : run);
  }

  open(): TrainingFeed {
    this.#polled = 0;
    return this;
  }

  poll(): Promise<boolean> {
    const grown = this.#polled !== this.count;
    this.#polled = this.count;
    return Promise.resolve(grown);
  }

  spectra(step: number): readonly Spectrum[] {
    return this.#modules.map((module, index) => this.changeAt(module, step, index));
  }

  timeline(): Omit<Timeline, 'run' | 'live'> {
    const all = this.steps.flatMap((step) => this.spectra(step));
    const end = this.steps.at(-1) ?? 0;
    const train = Float64Array.from({ length: end }, (_, index) => index + 1);
    return {
      set: TRAINING,
      steps: Float64Array.from(this.steps),
      train: {
        xs: train,
        ys: train.map((step) => 1.2 + 2 * Math.exp(-step / 90) + 0.16 * Math.sin(step * 12.9898) ** 3),
      },
      eval: {
        xs: Float64Array.from(this.steps),
        ys: Float64Array.from(this.steps, (step) => 1.35 + 1.9 * Math.exp(-step / 80)),
      },
      ranges: rangesOf(all),
      reach: reachOf(all),
    };
  }

  relate(): Promise<void> {
    return Promise.resolve();
  }

  private changeAt(module: SpectraModule, step: number, index: number): Spectrum {
    const grown = 1 - Math.exp(-step / (120 + 12 * (index % 7)));
    const whole = changeOf(module, this.layers, RANK, TRAINING);
    const values = whole.values.map((value, place) => value * grown ** (1 + place / 6));
    const squares = values.reduce((sum, value) => sum + value * value, 0);
    const overlap = (whole.relation?.overlap ?? 0) * (0.5 + grown / 2);
    return {
      ...whole,
      values,
      frobenius: Math.sqrt(squares),
      measures: {
        stableRank: squares === 0 ? 0 : squares / (values[0] ?? 1) ** 2,
        live: Math.max(0, RANK - Math.floor(step / 30)),
      },
      relation: { rank: RANK, overlap, fresh: 1 - 0.8 * overlap },
    };
  }
}
