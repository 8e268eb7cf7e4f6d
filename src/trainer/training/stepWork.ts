import type { BatchPlan } from '../../data/batch/plan';
import { layoutStep, type StepLayoutOptions } from '../../data/batch/step';
import type { Dataset } from '../../data/dataset';
import type { DimBindings } from '../../engine/graph/dims';
import { matrixFlops } from '../../engine/graph/passes/matrixFlops';
import type { Phase } from '../../engine/training/phases';
import { planSlabs } from '../../engine/training/parameters';
import { buildStepGraph, type GraphSpec } from '../../engine/training/stepGraph';

/** At how many steps of the first epoch is looked. */
const SAMPLE = 16;

/** The sizes of some steps' micro-batches, spread evenly over the first epoch. */
export function typicalSteps(
  train: Dataset,
  batches: BatchPlan,
  layout: StepLayoutOptions,
): readonly (readonly DimBindings[])[] {
  const steps = batches.stepsInEpoch(0);
  const count = Math.min(SAMPLE, steps);
  return Array.from({ length: count }, (_, i) => {
    const { microBatches } = batches.at({ epoch: 0, index: Math.floor((i * steps) / count) });
    return layoutStep(train, microBatches, layout).batches.map(({ bindings }) => bindings);
  });
}

/** Floating-point operations of an optimiser step's matrix products in a phase, a mean over these steps. */
export function stepFlops(
  spec: Omit<GraphSpec, 'slabs'>,
  phase: Phase,
  steps: readonly (readonly DimBindings[])[],
): number {
  const graph = buildStepGraph({ ...spec, slabs: planSlabs(phase.parameters) });
  const sum = steps.flat().reduce((total, bindings) => total + matrixFlops(graph, bindings), 0);
  return sum / Math.max(1, steps.length);
}
