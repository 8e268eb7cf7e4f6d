import { toError } from '../../base/errors';
import { BatchPlan, DATA_START, evaluationBatches, type BatchPlanOptions } from '../../data/batch/plan';
import { layoutStep, type StepLayoutOptions } from '../../data/batch/step';
import type { Dataset } from '../../data/dataset';
import type { DimBindings } from '../../engine/graph/dims';
import type { DeviceKind, Runtime } from '../../engine/graph/runtime';
import { planSlabs } from '../../engine/training/parameters';
import type { Schedule } from '../../engine/training/schedule';
import type { GraphSpec } from '../../engine/training/stepGraph';
import type { Experiment } from '../../protocol/experiment/types';
import type { RunFacts } from '../../protocol/run/record';
import { chooseDevice, type DeviceChoice } from '../../runtime/devices';
import { createRuntime } from '../../runtime/onnxRuntime';
import type { TrainContext } from '../context';
import { initialValues, planTraining, type TrainingPlan } from './adapters';
import { readCheckpoint, type CheckpointState } from './checkpoint';
import { checkExperiment, checkUnchanged } from './checks';
import { loadRunData } from './data';
import { LAYOUT_CHUNKS, layoutOptions } from './layout';
import { TrainingLoop, type LoopParts } from './loop';
import { chooseRecompute, predictMemory, type WorstBatches } from './memory';
import { mapWeights, openPretrained, type LoadedModel, type LoadOptions } from './model';

type DataFacts = NonNullable<RunFacts['data']>;
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
    return { ...(await chooseDevice(device)), why: `the run began on it (${before.reason})` };
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
  const layout = layoutOptions(experiment, opened);
  // The data before the weights: a fault in it shows sooner than a conversion takes.
  const data = await loadRunData(experiment, opened.tokenizer, context);
  const hashes = { ...context.recorded.facts?.hashes, data: data.hash, weights: opened.source.contentHash };
  if (context.resume !== undefined) checkUnchanged(context.recorded.facts?.hashes, hashes, experiment);
  context.record({ data: data.facts, hashes });
  warnOfDropped(data.facts, context);
  const model = await mapWeights(opened, load);
  const batches = new BatchPlan(data.train.lengths, batchOptions(experiment));
  const steps = totalSteps(experiment, batches);
  context.record({ total_steps: steps });
  const plan = planTraining(context, model, steps);
  const worst: WorstBatches = {
    training: worstOfTraining(data.train, batches, layout),
    evaluation: worstOfEvaluation(data.evaluation, experiment.training.batch_size, layout),
  };
  const spec = chooseSpec(context, model, plan, runtime.device === 'cpu', worst);
  const { adam, weight_decay: weightDecay, max_grad_norm: maxGradNorm } = experiment.training;
  const parts: LoopParts = {
    context,
    runtime,
    spec,
    weightsFolder: model.weights.folder,
    plan,
    schedule: scheduleOf(experiment, steps),
    adam: { ...adam, weightDecay, maxGradNorm },
    batches,
    layout,
    train: data.train,
    evaluation: data.evaluation,
  };
  return { loop: new TrainingLoop(parts, await startingPoint(context, model, plan, cpu)), model };
}

function warnOfDropped({ train_rows: rows, train_dropped: dropped }: DataFacts, context: TrainContext): void {
  if (dropped === 0) return;
  const all = rows + dropped;
  context.warn(`${dropped} of ${all} training rows have no token to learn from and are left out`);
}

async function startingPoint(
  context: TrainContext,
  model: LoadedModel,
  plan: TrainingPlan,
  cpu: Runtime,
): Promise<CheckpointState> {
  if (context.resume !== undefined) return readCheckpoint(context.resume);
  const { values, bases } = await initialValues(context, model, plan, cpu);
  if (bases.length > 0) context.writeJson('spectra.json', { formatVersion: 1, decompositions: bases });
  return { step: 0, position: DATA_START, values, updates: 0 };
}

function batchOptions({ training, data }: Experiment): BatchPlanOptions {
  return {
    batchSize: training.batch_size,
    gradientAccumulation: training.gradient_accumulation,
    seed: training.seed,
    shuffle: training.shuffle,
    groupByLength: training.group_by_length,
    packedLength: data.packing ? data.max_length : undefined,
  };
}

/** Optimiser steps of the run: as many as asked for, or those of its epochs, at least one. */
function totalSteps({ training }: Experiment, batches: BatchPlan): number {
  if (training.max_steps !== undefined) return training.max_steps;
  const epochs = training.epochs ?? 0;
  let steps = 0;
  for (let epoch = 0; epoch < Math.floor(epochs); epoch++) steps += batches.stepsInEpoch(epoch);
  const rest = epochs - Math.floor(epochs);
  if (rest > 0) steps += Math.ceil(rest * batches.stepsInEpoch(Math.floor(epochs)));
  return Math.max(1, steps);
}

function scheduleOf({ training }: Experiment, steps: number): Schedule {
  const warmupSteps = training.warmup_steps ?? Math.ceil((training.warmup_ratio ?? 0) * steps);
  return { kind: training.scheduler, learningRate: training.learning_rate, warmupSteps, steps };
}

/** Sizes of the batches that need the most memory: the most tokens, and the largest padded attention. */
function worstOfTraining(
  train: Dataset,
  batches: BatchPlan,
  layout: StepLayoutOptions,
): readonly DimBindings[] {
  const steps = Math.min(batches.stepsInEpoch(0), 1000);
  let byTokens: { readonly size: number; readonly rows: readonly (readonly number[])[] } | undefined;
  let byArea = byTokens;
  for (let index = 0; index < steps; index++) {
    for (const rows of batches.at({ epoch: 0, index }).microBatches) {
      const lengths = rows.map((row) => row.reduce((sum, sample) => sum + (train.lengths[sample] ?? 0), 0));
      const tokens = lengths.reduce((sum, length) => sum + length, 0);
      const area = rows.length * Math.max(...lengths) ** 2;
      if (tokens > (byTokens?.size ?? 0)) byTokens = { size: tokens, rows };
      if (area > (byArea?.size ?? 0)) byArea = { size: area, rows };
    }
  }
  return [byTokens, byArea].flatMap((found) =>
    found === undefined
      ? []
      : layoutStep(train, [found.rows], layout).batches.map(({ bindings }) => bindings),
  );
}

/** Sizes of the evaluation batch with the longest rows, which comes first. */
function worstOfEvaluation(
  rows: Dataset | undefined,
  batchSize: number,
  layout: StepLayoutOptions,
): readonly DimBindings[] {
  const [longest] = evaluationBatches(rows?.lengths ?? [], batchSize);
  if (rows === undefined || longest === undefined) return [];
  return layoutStep(rows, [longest], layout).batches.map(({ bindings }) => bindings);
}

function chooseSpec(
  context: TrainContext,
  model: LoadedModel,
  plan: TrainingPlan,
  fuseTranspose: boolean,
  worst: WorstBatches,
): Omit<GraphSpec, 'slabs'> {
  const { experiment } = context;
  const base = {
    config: model.config,
    adapters: plan.adapters,
    locate: (weight: string) => model.locate(weight),
    positions: experiment.data.max_length,
    chunks: LAYOUT_CHUNKS,
    fuseTranspose,
  };
  const slabs = planSlabs(plan.phases[0]?.parameters ?? []);
  const trained = new Set(slabs.flatMap((slab) => slab.entries.map(({ parameter }) => parameter.name)));
  let weights = 0;
  for (const [name, { length }] of model.weights.tensors) if (!trained.has(name)) weights += length;
  context.progress({ what: 'planning memory' });
  const chosen = chooseRecompute(experiment.memory.recompute, (level) =>
    predictMemory({ ...base, slabs, recompute: level }, worst, weights),
  );
  context.record({ memory: { recompute: chosen.recompute, predicted_mb: Math.round(chosen.total / 1e6) } });
  return { ...base, recompute: chosen.recompute };
}
