import { RandomStream } from '../../base/random';
import { GraphError, InputError } from '../../base/errors';
import type { AdapterSettings, Factors } from '../../engine/adapters/method';
import { adapterMethods } from '../../engine/adapters/registry';
import { checkRanks, selectModules } from '../../engine/adapters/targets';
import type { Runtime } from '../../engine/graph/runtime';
import { linearModules } from '../../engine/models/modules';
import { adapterPhases, fullPhase, type FreezingPlan, type Phase } from '../../engine/training/phases';
import { factorName, type ModuleAdapter } from '../../engine/training/stepGraph';
import {
  initialState,
  type ParameterState,
  type TrainingState,
} from '../../engine/training/trainingSessions';
import type { LowRankConfig } from '../../protocol/experiment/types';
import type { ProgressNote, TrainContext } from '../context';
import { decomposeModules, type BasisRecord } from './bases';
import type { LoadedModel } from './model';
import { readPeftFolder } from './peftFolder';

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

/** Which modules are adapted and how; reads no weights. */
export function planTraining(
  context: Pick<TrainContext, 'experiment'>,
  model: Pick<LoadedModel, 'config'>,
  steps: number,
): TrainingPlan {
  const { adapter } = context.experiment;
  if (adapter.method === 'full') {
    return { adapters: new Map(), phases: [fullPhase(model.config)], freezing: { steps, fraction: 0 } };
  }
  const modules = selectModules(linearModules(model.config), adapter.target_modules);
  checkRanks(modules, adapter.rank);
  const settings = settingsOf(adapter);
  const method = adapterMethods[methodOf(adapter)];
  const adapters = new Map(modules.map((module) => [module.path, { module, method, settings }]));
  const freezing = { steps, fraction: adapter.freeze.fraction };
  return { adapters, phases: adapterPhases(adapters.values(), freezing), freezing };
}

function methodOf(adapter: LowRankConfig): keyof typeof adapterMethods {
  if (adapter.method === 'lamda++') {
    throw new InputError({
      what: "the method 'lamda++' is not there yet",
      key: 'adapter.method',
      expected: [...Object.keys(adapterMethods), 'full'].join(', '),
    });
  }
  return adapter.method;
}

function settingsOf(adapter: LowRankConfig): AdapterSettings {
  // rsLoRA's scale alpha / sqrt(rank) is the scale alpha' / rank of alpha' = alpha * sqrt(rank).
  const alpha = adapter.use_rslora ? adapter.alpha * Math.sqrt(adapter.rank) : adapter.alpha;
  return {
    rank: adapter.rank,
    alpha,
    balance: adapter.balance,
    coreOnly: adapter.core_only,
    dropout: adapter.dropout,
  };
}

/** The start of a run: initial factors, from the weights' spectra where the method asks for them. */
export async function initialValues(
  context: TrainContext,
  model: LoadedModel,
  plan: TrainingPlan,
  cpu: Runtime,
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
  const needsBasis = adapters.some(({ method }) => method.needsBasis);
  const progress = (note: ProgressNote): void => context.progress(note);
  const { basis, records } = needsBasis
    ? await decomposeModules(cpu, model, modules, adapter.rank, training.seed, progress, context.signal)
    : { basis: new Map<string, never>(), records: [] };
  const stored =
    adapter.init_from === null ? undefined : await storedFactors(adapter, adapter.init_from, modules);

  const all = new Map<string, Float32Array>();
  for (const { module, method, settings } of adapters) {
    const random = new RandomStream(training.seed, `init/${module.path}`);
    const factors: Factors =
      stored?.get(module.path) ??
      method.initialise(module, settings, {
        basis: basis.get(module.path),
        uniform: (count) => random.uniforms(count, 0, 1),
      });
    for (const [name, data] of Object.entries(factors)) all.set(factorName(module, name), data);
  }
  return { values: splitValues(phase, all, new Map()), bases: records };
}

/** The factors of an adapter to start from. Throws an InputError where it does not fit the experiment. */
export async function storedFactors(
  adapter: LowRankConfig,
  folder: string,
  modules: Parameters<typeof readPeftFolder>[1],
): Promise<ReadonlyMap<string, Factors>> {
  const { rank, alpha, factors } = await readPeftFolder(folder, modules);
  const wanted = settingsOf(adapter);
  if (rank !== wanted.rank || Math.abs(alpha - wanted.alpha) > 1e-9 * alpha) {
    throw new InputError({
      what: 'the adapter to start from has another rank or scale',
      file: folder,
      key: 'adapter.init_from',
      got: `rank ${rank}, alpha ${alpha}`,
      expected: `rank ${wanted.rank}, alpha ${wanted.alpha}`,
      remedy: 'Set adapter.rank and adapter.alpha to those of the adapter.',
    });
  }
  return factors;
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
