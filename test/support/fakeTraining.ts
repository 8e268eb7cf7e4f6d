import { Emitter } from '../../src/base/emitter';
import { NO_TRAINING, TRAINING } from '../../src/extension/features/spectra/changeSpectra';
import type { TrainedRun, TrainingFeed, TrainingSource } from '../../src/extension/features/spectra/source';
import type { Spectrum } from '../../src/protocol/panels/spectra';

/** What a run recorded, made by hand: after each step one module has the step as its one singular value. */
export function fakeTraining(run: TrainedRun = { folder: '/runs/try', name: 'try', live: true }) {
  const steps: number[] = [];
  const changed = new Emitter<void>();
  const related: Spectrum[] = [];
  let [known, polls, found] = [0, 0, true];
  let current = run;
  const spectrum = (step: number): Spectrum => ({
    path: 'model.layers.0.self_attn.q_proj',
    set: TRAINING,
    values: Float64Array.of(step),
    frobenius: step,
    errorBound: 0,
    exact: true,
    measures: {},
  });
  const feed: TrainingFeed = {
    get steps() {
      return steps;
    },
    poll: () => {
      polls++;
      const grown = steps.length !== known;
      known = steps.length;
      return Promise.resolve(grown);
    },
    spectra: (step) => (steps.includes(step) ? [spectrum(step)] : []),
    timeline: () => ({ ...NO_TRAINING, steps: Float64Array.from(steps) }),
    relate: async (tell, signal) => {
      for (const one of related) {
        if (signal.aborted) return;
        tell(one);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
  const source: TrainingSource = {
    onDidChange: changed.event,
    find: () => Promise.resolve(found ? current : undefined),
    open: () => feed,
  };
  return {
    source,
    /** Adds steps to the record. */
    record: (...more: readonly number[]): void => {
      steps.push(...more);
    },
    /** The runs have changed: this is the one now, or none. */
    be: (next: TrainedRun | undefined): void => {
      found = next !== undefined;
      current = next ?? current;
      changed.fire();
    },
    related,
    spectrum,
    polls: (): number => polls,
  };
}
