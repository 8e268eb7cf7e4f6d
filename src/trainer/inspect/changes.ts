import type { WeightDifference, WeightRelation } from '../../protocol/inspector';
import { stateOfRun } from '../inference/runState';
import { openWeights, WeightsDifference } from '../spectra/comparedWeights';
import { readChanges, relatedChange, type RunChanges } from '../spectra/runChange';
import { relateDifference } from '../spectra/weightRelations';
import type { Cpu } from './cpu';
import { type OpenedModels, stampOf } from './openedModels';
import { described, type Spectra } from './spectra';

/** What training has changed in weights, for an editor, layer by layer. Decompositions are kept on the disk. */
export class Changes {
  /** The run that was last asked about: reading its adapter takes longer than what is found of it. */
  #last: { readonly key: string; readonly changes: Promise<RunChanges> } | undefined;

  constructor(
    private readonly models: OpenedModels,
    private readonly spectra: Spectra,
    private readonly cpu: Cpu,
  ) {}

  async relation(run: string, module: string): Promise<WeightRelation> {
    const changes = await this.changesOf(run);
    const options = { cpu: await this.cpu.runtime(), signal: new AbortController().signal };
    const { relation } = await relatedChange(changes, module, true, options);
    return { ...relation };
  }

  async difference(base: string, tuned: string, path: string): Promise<WeightDifference> {
    const open: OpenedModels['open'] = (model) => this.models.open(model);
    const difference = new WeightsDifference(await openWeights(base, open), await openWeights(tuned, open));
    const module = difference.module(path);
    const spectrum = await this.spectra.whole(difference, module, 'exact');
    const options = { cpu: await this.cpu.runtime(), signal: new AbortController().signal };
    const relation = await relateDifference(difference, spectrum, options);
    return { spectrum: described(spectrum), relation: { ...relation } };
  }

  private async changesOf(run: string): Promise<RunChanges> {
    const state = stateOfRun(run);
    const { folder, experiment } = state;
    const key = [folder, await stampOf(folder), await stampOf(experiment.model)].join('\n');
    if (this.#last?.key !== key) {
      const changes = this.models.open(experiment.model).then((model) => readChanges(state, model));
      // It is awaited below; what failed is tried again when it is next asked for.
      changes.catch(() => {
        if (this.#last?.changes === changes) this.#last = undefined;
      });
      this.#last = { key, changes };
    }
    return this.#last.changes;
  }
}
