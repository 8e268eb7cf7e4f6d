import { GraphError, toError } from '../../base/errors';
import { frozenColumns } from '../../engine/adapters/lamda/freezing';
import type { AdapterSettings, Factors } from '../../engine/adapters/method';
import type { Runtime } from '../../engine/graph/runtime';
import { ChangeSpectra } from '../../engine/spectra/change/changeSpectra';
import type { DecomposedChange } from '../../engine/spectra/change/decompose';
import { stableRank } from '../../engine/spectra/measures';
import type { FreezingPlan } from '../../engine/training/phases';
import { factorName, type ModuleAdapter } from '../../engine/training/stepGraph';
import type { ModuleChange } from '../../protocol/run/changes';
import type { TrainContext } from '../context';
import type { TrainingPlan } from './adapters';

/** Gives the values of a factor by its whole name; undefined where there is none. */
export type ReadFactor = (name: string) => Promise<Float32Array | undefined>;

/** Keeps the record of what training has changed in each adapted weight. Full fine-tuning has no factors to tell it by. */
export class ChangeRecords {
  #spectra: ChangeSpectra | undefined;
  #told = false;

  /** `cpu` is the CPU's runtime, whatever trains. */
  constructor(
    private readonly context: Pick<TrainContext, 'emitChange' | 'warn'>,
    private readonly plan: TrainingPlan,
    private readonly cpu: Runtime,
  ) {}

  /** Records the change after `step` steps; a failure is told, once, and ends nothing. */
  async record(step: number, read: ReadFactor): Promise<void> {
    if (this.plan.adapters.size === 0) return;
    try {
      this.#spectra ??= new ChangeSpectra(this.cpu);
      const modules: ModuleChange[] = [];
      for (const adapter of this.plan.adapters.values()) {
        const { module, method, settings } = adapter;
        modules.push({
          module: module.path,
          ...(await measure(this.#spectra, adapter, await factorsOf(adapter, read))),
          ...(method.id === 'lamda' ? { live: liveColumns(settings, this.plan.freezing, step) } : {}),
        });
      }
      this.context.emitChange({ step, modules });
    } catch (thrown) {
      if (this.#told) return;
      this.#told = true;
      this.context.warn(`what training changes cannot be found: ${toError(thrown).message}`);
    }
  }

  async dispose(): Promise<void> {
    await this.#spectra?.dispose();
    this.#spectra = undefined;
  }
}

async function factorsOf({ module, method, settings }: ModuleAdapter, read: ReadFactor): Promise<Factors> {
  const factors: Record<string, Float32Array> = {};
  for (const { name } of method.factors(module, settings)) {
    const whole = factorName(module, name);
    const value = await read(whole);
    if (value === undefined) throw new GraphError({ what: 'the run has no such value', tensor: whole });
    factors[name] = value;
  }
  return factors;
}

/** Columns of LaMDA's second projection that the step after `step` trains. */
function liveColumns({ rank, coreOnly }: AdapterSettings, freezing: FreezingPlan, step: number): number {
  return coreOnly ? 0 : rank - frozenColumns(rank, step, freezing.steps, freezing.fraction);
}

/** What the factors alone tell: nothing is decomposed that is of a weight's size. */
async function measure(
  spectra: ChangeSpectra,
  { module, method, settings }: ModuleAdapter,
  factors: Factors,
): Promise<Omit<ModuleChange, 'module' | 'live'>> {
  const { path: name, outputs, inputs } = module;
  const form = { name, outputs, inputs, ...method.toLora(module, settings, factors) };
  const weight = method.directions(module, settings, factors);
  const { rank } = settings;
  if (weight === undefined) return measuresOf(await spectra.of(form));
  const { change, relation } = await spectra.related(form, { ...weight, known: rank, rank });
  const { overlap, fresh } = relation;
  return { ...measuresOf(change), rank, overlap, fresh };
}

function measuresOf({
  values,
  frobenius,
}: DecomposedChange): Pick<ModuleChange, 'values' | 'frobenius' | 'stable_rank'> {
  return { values, frobenius, stable_rank: stableRank(values, frobenius) };
}
