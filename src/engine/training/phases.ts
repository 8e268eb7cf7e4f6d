import { fillColumnMask, freezingEnd, frozenColumns } from '../adapters/lamda/freezing';
import type { FactorKind } from '../adapters/method';
import { weightSpecs } from '../models/modules';
import type { DecoderConfig } from '../models/config';
import type { Parameter } from './parameters';
import { factorName, type ModuleAdapter } from './stepGraph';

/** A stretch of a run in which the same tensors are trained, by one step session. */
export interface Phase {
  readonly name: 'all' | 'core';
  /** Optimiser steps done when it begins. */
  readonly fromStep: number;
  readonly parameters: readonly Parameter[];
  /** Parameters of which columns are frozen one after the other during the phase. */
  readonly thawed: ReadonlySet<string>;
}

/** How a run's adapters are trained over its steps. */
export interface FreezingPlan {
  readonly steps: number;
  readonly fraction: number;
}

/**
 * The phases of an adapter run: everything at first, then, once LaMDA's second projections are wholly frozen, only
 * what is always trained. Methods without such factors have one phase.
 */
export function adapterPhases(adapters: Iterable<ModuleAdapter>, freezing: FreezingPlan): readonly Phase[] {
  const list = [...adapters];
  const collect = (
    kinds: readonly FactorKind[],
  ): readonly { readonly parameter: Parameter; readonly kind: FactorKind }[] =>
    list.flatMap(({ module, method, settings }) =>
      method
        .factors(module, settings)
        .filter((factor) => kinds.includes(factor.kind))
        .map((factor) => ({
          parameter: { name: factorName(module, factor.name), shape: factor.shape, decay: true },
          kind: factor.kind,
        })),
    );
  const all = collect(['trained', 'thawed']);
  const core = collect(['trained']).map(({ parameter }) => parameter);
  const thawed = new Set(all.filter(({ kind }) => kind === 'thawed').map(({ parameter }) => parameter.name));
  if (thawed.size === 0) return [{ name: 'all', fromStep: 0, parameters: core, thawed }];
  const end = freezingEnd(freezing.steps, freezing.fraction);
  const last: Phase = { name: 'core', fromStep: end, parameters: core, thawed: new Set() };
  if (end === 0) return [last];
  const first: Phase = {
    name: 'all',
    fromStep: 0,
    parameters: all.map(({ parameter }) => parameter),
    thawed,
  };
  return end < freezing.steps ? [first, last] : [first];
}

/** The one phase of full fine-tuning: every weight, without decay on biases and norms (Hugging Face's grouping). */
export function fullPhase(config: DecoderConfig): Phase {
  const parameters = weightSpecs(config).map(({ name, shape }) => ({
    name,
    shape,
    decay: !name.endsWith('.bias') && !/norm\.weight$/.test(name),
  }));
  return { name: 'all', fromStep: 0, parameters, thawed: new Set() };
}

/** The phase in which the optimiser step after `done` steps falls. */
export function phaseAt(phases: readonly Phase[], done: number): Phase | undefined {
  return phases.filter((phase) => phase.fromStep <= done).at(-1);
}

/** Fills the mask of a thawed factor [outputs, rank] for optimiser step `step` (1-based). */
export function fillFreezingMask(
  adapters: ReadonlyMap<string, ModuleAdapter>,
  freezing: FreezingPlan,
  step: number,
): (parameter: string, mask: Float32Array) => void {
  const ranks = new Map<string, number>();
  for (const { module, method, settings } of adapters.values()) {
    for (const factor of method.factors(module, settings)) {
      if (factor.kind === 'thawed') ranks.set(factorName(module, factor.name), factor.shape[1]);
    }
  }
  return (parameter, mask) => {
    const rank = ranks.get(parameter);
    if (rank === undefined) return;
    // The columns frozen after step t get no update in step t + 1.
    fillColumnMask(mask, rank, frozenColumns(rank, step - 1, freezing.steps, freezing.fraction));
  };
}
