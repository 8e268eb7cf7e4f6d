import { planSlabs, slabsSize } from '../../engine/training/parameters';
import type { Runtime } from '../../engine/graph/runtime';
import type { LinearModule } from '../../engine/models/modules';
import type { Experiment, LowRankConfig } from '../../protocol/experiment/types';
import type { RunRecord } from '../../protocol/run/record';
import type { DeviceChoice } from '../../runtime/devices';
import { plannedModel } from '../inspect/plannedModel';
import { machineFacts } from '../machine';
import { decomposeModules, type Decompositions, readSpectrum } from '../training/bases';
import { loadRunData, type RunData } from '../training/data';
import { Decomposer } from '../training/decomposer';
import { rankingSpectrum } from '../../plan/method';
import { mapWeights, type OpenedModel } from '../training/model';
import { planRun, planSpec } from '../training/plan';
import { adaptedModules, neededRanks, type Ranks, type RankSpectrum } from '../../plan/ranks';
import { predictStepTime, type StepTime } from '../training/stepTime';
import { stepFlops, typicalSteps } from '../training/stepWork';
import type { TrainContext } from '../context';
import { type AllocationPlan, otherConfigs, planAllocation } from '../../plan/allocationPlan';

/** What an experiment would do, without training it. */
export interface ExperimentPlan {
  /** Undefined for full fine-tuning, which has no adapter. */
  readonly allocation: AllocationPlan | undefined;
  /** The same budget spent otherwise, where that is asked for. */
  readonly others: readonly AllocationPlan[];
  readonly trainable: number;
  /** Size of the result on disk. */
  readonly adapterBytes: number;
  readonly steps: number;
  readonly memoryBytes: number;
  readonly stepTime: StepTime | undefined;
}

/** What a plan is made from, beside the experiment. */
export interface PlanSources extends Pick<TrainContext, 'progress' | 'signal'> {
  readonly opened: OpenedModel;
  readonly device: DeviceChoice['device'];
  /** Decomposes the weights. */
  readonly cpu: Runtime;
  /** The runs by which the step time is foretold. */
  readonly past: readonly RunRecord[];
  /** Whether the same budget is to be spent otherwise too. */
  readonly compare: boolean;
}

/** Plans an experiment by the run's own code. Throws an `InputError` for what would keep it from starting. */
export async function planExperiment(experiment: Experiment, sources: PlanSources): Promise<ExperimentPlan> {
  const { opened, device, past, progress, signal } = sources;
  const data = await loadRunData(experiment, opened.tokenizer, { progress, signal });
  const { allocation, others } = await allocationsOf(experiment, data, sources);
  const ranks: Ranks = new Map(allocation?.ranks.map(({ path, rank }) => [path, rank]));
  const run = planRun(experiment, opened, data, ranks);
  const [phase] = run.training.phases;
  const { spec, memory } = planSpec(experiment, run, plannedModel(opened), device === 'cpu');
  const flops =
    phase === undefined ? 0 : stepFlops(spec, phase, typicalSteps(data.train, run.batches, run.layout));
  const trainable = slabsSize(planSlabs(phase?.parameters ?? []));
  const request = { flops, device, model: experiment.model, machine: machineFacts() };
  return {
    allocation,
    others,
    trainable,
    adapterBytes: allocation?.adapterBytes ?? 4 * trainable,
    steps: run.steps,
    memoryBytes: memory.resident,
    stepTime: predictStepTime(request, past),
  };
}

async function allocationsOf(
  experiment: Experiment,
  data: RunData,
  { opened, cpu, progress, signal, compare }: PlanSources,
): Promise<{ readonly allocation: AllocationPlan | undefined; readonly others: readonly AllocationPlan[] }> {
  const { adapter, training } = experiment;
  if (adapter.method === 'full') return { allocation: undefined, others: [] };
  const modules = adaptedModules(adapter, opened.config);
  const decompose = async (
    config: LowRankConfig,
    lacking: readonly LinearModule[],
    needed: Ranks,
  ): Promise<Decompositions> => {
    if (config.method !== 'lamda++' || rankingSpectrum(config) === 'weights') {
      return decomposeModules(cpu, opened.source, lacking, needed, training.seed, progress, signal);
    }
    const model = await mapWeights(opened, { signal, onProgress: progress });
    const context = {
      experiment: { ...experiment, adapter: config },
      signal,
      progress,
      stopRequested: () => signal.aborted,
      log: () => undefined,
    };
    return new Decomposer({ context, model, data, runtime: cpu, cpu }).of('gradient');
  };
  const spectra = new Map<string, RankSpectrum>();
  const planned = async (config: LowRankConfig): Promise<AllocationPlan> => {
    const needed = neededRanks(config, modules);
    const lacking = modules.filter(
      ({ path }) => (spectra.get(path)?.values.length ?? 0) < (needed.get(path) ?? 0),
    );
    if (lacking.length === 0) return planAllocation(config, modules, spectra);
    const found = await decompose(config, lacking, needed);
    for (const [path, decomposition] of found) spectra.set(path, await readSpectrum(decomposition));
    return planAllocation(config, modules, spectra);
  };
  const allocation = await planned(adapter);
  const others: AllocationPlan[] = [];
  for (const [name, config] of compare ? otherConfigs(adapter, allocation) : []) {
    others.push({ ...(await planned(config)), name });
  }
  return { allocation, others };
}
