import { BatchPlan, evaluationBatches, type BatchPlanOptions } from '../../data/batch/plan';
import { layoutStep, type StepLayoutOptions } from '../../data/batch/step';
import type { Dataset } from '../../data/dataset';
import type { DimBindings } from '../../engine/graph/dims';
import type { ExternalLocation } from '../../engine/graph/types';
import type { DecoderConfig } from '../../engine/models/config';
import { planSlabs } from '../../engine/training/parameters';
import type { GraphSpec } from '../../engine/training/stepGraph';
import type { Experiment } from '../../protocol/experiment/types';
import { planTraining, type TrainingPlan } from './adapters';
import type { RunData } from './data';
import { LAYOUT_CHUNKS, layoutOptions } from './layout';
import { chooseRecompute, predictMemory, type MemoryPrediction, type WorstBatches } from './memory';
import type { OpenedModel } from './model';
import type { Ranks } from '../../plan/ranks';

/** What a run will do, from its config, its model's headers and its rows: no weight is read for it. */
export interface RunPlan {
  readonly layout: StepLayoutOptions;
  readonly batches: BatchPlan;
  /** Optimiser steps in all. */
  readonly steps: number;
  readonly training: TrainingPlan;
  readonly worst: WorstBatches;
}

/** A model as far as its graphs' form goes: where each f32 weight lies, which need not be known yet. */
export interface PlannedModel {
  readonly config: DecoderConfig;
  readonly weights: { readonly tensors: ReadonlyMap<string, { readonly length: number }> };
  readonly locate: (weight: string) => ExternalLocation;
}

/** Plans a run. Throws an InputError for what in the config does not suit the model or the rows. */
export function planRun(experiment: Experiment, opened: OpenedModel, data: RunData, ranks: Ranks): RunPlan {
  const layout = layoutOptions(experiment, opened);
  const batches = new BatchPlan(data.train.lengths, batchOptions(experiment));
  const steps = totalSteps(experiment, batches);
  return {
    layout,
    batches,
    steps,
    training: planTraining({ experiment }, opened, steps, ranks),
    worst: {
      training: worstOfTraining(data.train, batches, layout),
      evaluation: worstOfEvaluation(data.evaluation, experiment.training.batch_size, layout),
    },
  };
}

/** The form of a run's step graph, and the memory it is predicted to take. */
export function planSpec(
  experiment: Experiment,
  { training, worst }: RunPlan,
  model: PlannedModel,
  fuseTranspose: boolean,
): { readonly spec: Omit<GraphSpec, 'slabs'>; readonly memory: MemoryPrediction } {
  const base = {
    config: model.config,
    adapters: training.adapters,
    locate: (weight: string) => model.locate(weight),
    positions: experiment.data.max_length,
    chunks: LAYOUT_CHUNKS,
    fuseTranspose,
  };
  const slabs = planSlabs(training.phases[0]?.parameters ?? []);
  const trained = new Set(slabs.flatMap((slab) => slab.entries.map(({ parameter }) => parameter.name)));
  let weights = 0;
  for (const [name, { length }] of model.weights.tensors) if (!trained.has(name)) weights += length;
  const memory = chooseRecompute(experiment.memory.recompute, (level) =>
    predictMemory({ ...base, slabs, recompute: level }, worst, weights),
  );
  return { spec: { ...base, recompute: memory.recompute }, memory };
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
