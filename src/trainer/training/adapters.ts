import { RandomStream } from '../../base/random';
import { GraphError, InputError } from '../../base/errors';
import type { Factors } from '../../engine/adapters/method';
import { adapterPhases, fullPhase, type FreezingPlan, type Phase } from '../../engine/training/phases';
import { factorName, type ModuleAdapter } from '../../engine/training/stepGraph';
import {
  initialState,
  type ParameterState,
  type TrainingState,
} from '../../engine/training/trainingSessions';
import type { LowRankConfig } from '../../protocol/experiment/types';
import type { TrainContext } from '../context';
import { type BasisRecord, type Decompositions, readTriples } from './bases';
import { methodOf, settingsOf } from '../../plan/method';
import type { LoadedModel } from './model';
import { readPeftFolder } from './peftFolder';
import { adaptedModules, type Ranks } from '../../plan/ranks';

/** What is trained over the run, and where it starts. */
export interface TrainingPlan {
  readonly adapters: ReadonlyMap<string, ModuleAdapter>;
  readonly phases: readonly Phase[];
  readonly freezing: FreezingPlan;
}

/** Values of everything that is or was trained or subtracted: a run's state but for its place in the data. */
export interface TrainingValues {
  readonly state: TrainingState;
  readonly frozen: ReadonlyMap<string, Float32Array>;
}

/** Which modules are adapted and how, each with its rank; reads no weights. */
export function planTraining(
  context: Pick<TrainContext, 'experiment'>,
  model: Pick<LoadedModel, 'config'>,
  steps: number,
  ranks: Ranks,
): TrainingPlan {
  const { adapter } = context.experiment;
  if (adapter.method === 'full') {
    return { adapters: new Map(), phases: [fullPhase(model.config)], freezing: { steps, fraction: 0 } };
  }
  const method = methodOf(adapter);
  const adapters = new Map(
    adaptedModules(adapter, model.config).map((module) => {
      const rank = ranks.get(module.path);
      if (rank === undefined) throw new GraphError({ what: `no rank was chosen for ${module.path}` });
      return [module.path, { module, method, settings: { ...settingsOf(adapter), rank } }];
    }),
  );
  const freezing = { steps, fraction: adapter.freeze.fraction };
  return { adapters, phases: adapterPhases(adapters.values(), freezing), freezing };
}

/** The start of a run: initial factors, from the decompositions where the method starts from any. */
export async function initialValues(
  context: TrainContext,
  model: LoadedModel,
  plan: TrainingPlan,
  decompositions: Decompositions,
): Promise<{ readonly values: TrainingValues; readonly bases: readonly BasisRecord[] }> {
  const { adapter, training } = context.experiment;
  const [phase] = plan.phases;
  if (phase === undefined) throw new GraphError({ what: 'the run has no phase' });
  if (adapter.method === 'full') {
    const state = new Map<string, ParameterState>();
    for (const { name } of phase.parameters)
      state.set(name, initialState(await model.source.readTensor(name)));
    return { values: { state, frozen: new Map() }, bases: [] };
  }
  const adapters = [...plan.adapters.values()];
  const modules = adapters.map(({ module }) => module);
  const stored =
    adapter.init_from === null ? undefined : await storedFactors(adapter, adapter.init_from, modules);

  const all = new Map<string, Float32Array>();
  for (const { module, method, settings } of adapters) {
    const random = new RandomStream(training.seed, `init/${module.path}`);
    const decomposition = decompositions.get(module.path);
    const factors: Factors =
      stored?.get(module.path) ??
      method.initialise(module, settings, {
        basis: decomposition && (await readTriples(decomposition, settings.rank)),
        uniform: (count) => random.uniforms(count, 0, 1),
      });
    for (const [name, data] of Object.entries(factors)) all.set(factorName(module, name), data);
  }
  const bases = [...decompositions.values()].map(({ record }) => record);
  return { values: splitValues(phase, all, new Map()), bases };
}

/** The factors of an adapter to start from. Throws an InputError where it does not fit the experiment. */
export async function storedFactors(
  adapter: LowRankConfig,
  folder: string,
  modules: Parameters<typeof readPeftFolder>[1],
): Promise<ReadonlyMap<string, Factors>> {
  const stored = await readPeftFolder(folder, modules);
  const { alpha } = settingsOf(adapter);
  const wanted = `rank ${adapter.rank}, alpha ${alpha}`;
  for (const [path, { rank, alpha: found }] of stored) {
    if (rank === adapter.rank && Math.abs(found - alpha) <= 1e-9 * found) continue;
    throw new InputError({
      what: `the adapter to start from has another rank or scale for ${path}`,
      file: folder,
      key: 'adapter.init_from',
      got: `rank ${rank}, alpha ${found}`,
      expected: wanted,
      remedy: 'Set adapter.rank and adapter.alpha to those of the adapter.',
    });
  }
  return new Map([...stored].map(([path, { factors }]) => [path, factors]));
}

/**
 * Splits values by what a phase trains: its parameters with their moments (`known`, else zero), the rest frozen. This
 * is how a phase hands over to the next.
 */
export function splitValues(
  phase: Phase,
  all: ReadonlyMap<string, Float32Array>,
  known: TrainingState,
): TrainingValues {
  const trained = new Set(phase.parameters.map(({ name }) => name));
  const state = new Map<string, ParameterState>();
  const frozen = new Map<string, Float32Array>();
  for (const [name, value] of all) {
    if (!trained.has(name)) frozen.set(name, value);
    else state.set(name, known.get(name) ?? initialState(value));
  }
  return { state, frozen };
}

/** Every value by name, trained or frozen. */
export function allValues({ state, frozen }: TrainingValues): ReadonlyMap<string, Float32Array> {
  return new Map([...frozen, ...[...state].map(([name, { value }]) => [name, value] as const)]);
}
