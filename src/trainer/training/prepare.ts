import { toError } from '../../base/errors';
import { DATA_START } from '../../data/batch/plan';
import type { DeviceKind, Runtime } from '../../engine/graph/runtime';
import type { Schedule } from '../../engine/training/schedule';
import type { Experiment } from '../../protocol/experiment/types';
import { chooseDevice, type DeviceChoice } from '../../runtime/devices';
import { createRuntime } from '../../runtime/onnxRuntime';
import type { TrainContext } from '../context';
import { initialValues, type TrainingPlan } from './adapters';
import { ranksFor } from './chooseRanks';
import { readCheckpoint, type CheckpointState } from './checkpoint';
import { checkExperiment, checkUnchanged } from './checks';
import { droppedRows, loadRunData } from './data';
import { Decomposer } from './decomposer';
import { layoutOptions } from './layout';
import { TrainingLoop, type LoopParts } from './loop';
import { mapWeights, openPretrained, type LoadedModel, type LoadOptions } from './model';
import { planRun, planSpec } from './plan';
import { stepFlops, typicalSteps } from './stepWork';

const DEVICES: readonly DeviceKind[] = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'];

/** A run before its first step. */
export interface PreparedRun {
  readonly loop: TrainingLoop;
  readonly model: LoadedModel;
  dispose(): Promise<void>;
}

/**
 * Opens the device, the model and the data of a run, plans what is trained and how much memory it takes, and makes or
 * reads the values it starts from.
 */
export async function prepareRun(context: TrainContext): Promise<PreparedRun> {
  const { experiment } = context;
  const { device, why } = await deviceFor(context);
  context.record({ device: { provider: device, reason: why } });
  context.log(`device: ${device}, ${why}`);
  const options = {
    threads: experiment.threads ?? undefined,
    log: (line: string): void => context.log(line),
  };
  const runtime = await createRuntime(device, options);
  const cpu = device === 'cpu' ? runtime : await createRuntime('cpu', options);
  const dispose = async (): Promise<void> => {
    await runtime.dispose();
    if (cpu !== runtime) await cpu.dispose();
  };
  try {
    return { ...(await prepareOn(context, runtime, cpu)), dispose };
  } catch (thrown) {
    await dispose();
    throw thrown;
  }
}

/** A resumed run stays on its device, whatever `auto` would choose now: another one rounds differently. */
async function deviceFor(context: TrainContext): Promise<DeviceChoice> {
  const { experiment, resume, recorded } = context;
  const before = resume === undefined ? undefined : recorded.facts?.device;
  if (experiment.device !== 'auto' || before === undefined) return chooseDevice(experiment.device);
  const device = DEVICES.find((kind) => kind === before.provider) ?? 'auto';
  try {
    // Why it began on it is why it goes on: a reason around that would grow with each time.
    return { ...(await chooseDevice(device)), why: before.reason };
  } catch (thrown) {
    context.warn(`the device that the run began on cannot be used: ${toError(thrown).message}`);
    return chooseDevice('auto');
  }
}

async function prepareOn(
  context: TrainContext,
  runtime: Runtime,
  cpu: Runtime,
): Promise<Omit<PreparedRun, 'dispose'>> {
  const { experiment } = context;
  const load: LoadOptions = {
    signal: context.signal,
    onProgress: (note) => context.progress(note),
    check: (config, file) => checkExperiment(experiment, config, file),
  };
  const opened = await openPretrained(experiment.model, load);
  layoutOptions(experiment, opened);
  // The data before the weights: a fault in it shows sooner than a conversion takes.
  const data = await loadRunData(experiment, opened.tokenizer, context);
  const hashes = {
    ...context.recorded.facts?.hashes,
    data: data.hash,
    weights: await opened.source.contentHash(),
  };
  if (context.resume !== undefined) checkUnchanged(context.recorded.facts?.hashes, hashes, experiment);
  context.record({ data: data.facts, hashes });
  const dropped = droppedRows(data.facts);
  if (dropped !== undefined) context.warn(dropped);
  const model = await mapWeights(opened, load);
  const decomposer = new Decomposer({ context, model, data, runtime, cpu });
  const run = planRun(experiment, opened, data, await ranksFor(context, opened.config, decomposer));
  const { batches, layout, steps, training: plan } = run;
  context.record({ total_steps: steps });
  context.progress({ what: 'planning memory' });
  const { spec, memory } = planSpec(experiment, run, model, runtime.device === 'cpu');
  context.record({
    memory: { recompute: memory.recompute, predicted_mb: Math.round(memory.resident / 1e6) },
  });
  const { adam, weight_decay: weightDecay, max_grad_norm: maxGradNorm } = experiment.training;
  const parts: LoopParts = {
    context,
    runtime,
    cpu,
    spec,
    weightsFolder: model.weights.folder,
    plan,
    schedule: scheduleOf(experiment, steps),
    adam: { ...adam, weightDecay, maxGradNorm },
    batches,
    layout,
    train: data.train,
    evaluation: data.evaluation,
    flopsOf: (phase) => stepFlops(spec, phase, typicalSteps(data.train, batches, layout)),
  };
  const start = await startingPoint(context, model, plan, decomposer);
  return { loop: new TrainingLoop(parts, start), model };
}

async function startingPoint(
  context: TrainContext,
  model: LoadedModel,
  plan: TrainingPlan,
  decomposer: Decomposer,
): Promise<CheckpointState> {
  if (context.resume !== undefined) return readCheckpoint(context.resume);
  const [first] = plan.adapters.values();
  const decompositions =
    first?.method.needsBasis === true ? await decomposer.of(first.settings.basis) : new Map<string, never>();
  const { values, bases } = await initialValues(context, model, plan, decompositions);
  if (bases.length > 0) context.writeJson('spectra.json', { formatVersion: 1, decompositions: bases });
  return { step: 0, position: DATA_START, values, updates: 0 };
}

function scheduleOf({ training }: Experiment, steps: number): Schedule {
  const warmupSteps = training.warmup_steps ?? Math.ceil((training.warmup_ratio ?? 0) * steps);
  return { kind: training.scheduler, learningRate: training.learning_rate, warmupSteps, steps };
}
