import { InputError } from '../../base/errors';
import type { LinearModule } from '../../engine/models/modules';
import type { RelatedChange } from '../../engine/spectra/change/changeSpectra';
import type { FactoredChange } from '../../engine/spectra/change/products';
import { adaptersOf, type RunState } from '../inference/runState';
import type { OpenedModel } from '../training/model';
import { ranksOfRun } from '../training/ranksFile';
import { directionsBeside, type DecomposeOptions, relateChange } from './weightRelations';

/** What a run's adapter changes one weight by. */
interface AdaptedChange extends FactoredChange {
  readonly module: LinearModule;
  /** The adapter's own rank. */
  readonly own: number;
}

/** The changes that a run has made to its model's weights so far, by their factors. */
export interface RunChanges {
  readonly state: RunState;
  readonly model: OpenedModel;
  /** By the module's path, in the model's order. */
  readonly changes: ReadonlyMap<string, AdaptedChange>;
}

/** Reads a run's adapter. Throws an `InputError` after full fine-tuning, which has none. */
export async function readChanges(state: RunState, model: OpenedModel): Promise<RunChanges> {
  const { run, experiment } = state;
  const { config } = model;
  if (experiment.adapter.method === 'full') {
    throw new InputError({
      what: 'full fine-tuning has no adapter',
      file: run,
      remedy: 'Compare its result with its model.',
    });
  }
  const ranks = await ranksOfRun(run, experiment.adapter, config);
  const changes = new Map<string, AdaptedChange>();
  for (const [module, form] of await adaptersOf(state, config)) {
    const { path, outputs, inputs } = module;
    changes.set(path, { ...form, name: path, outputs, inputs, module, own: ranks.get(path) ?? form.rank });
  }
  return { state, model, changes };
}

/**
 * One change, and how it lies to its weight at the adapter's rank. `wide`: with more of the weight's directions than
 * that. Throws an `InputError` where the run does not adapt the module.
 */
export async function relatedChange(
  { state, model, changes }: RunChanges,
  path: string,
  wide: boolean,
  options: Omit<DecomposeOptions, 'seed'>,
): Promise<RelatedChange> {
  const change = changes.get(path);
  if (change === undefined) {
    throw new InputError({ what: 'the run does not adapt this layer', file: state.run, got: path });
  }
  const { module, own: rank } = change;
  const known = wide ? directionsBeside(module, rank) : rank;
  const seeded = { ...options, seed: state.experiment.training.seed };
  return relateChange(model.source, module, change, { rank, known }, seeded);
}
