import { beforeAll, describe, expect, it } from 'vitest';
import type { CausalBatch } from '../../../../src/data/batch/layout';
import type { AdapterMethodId } from '../../../../src/engine/adapters/method';
import { factorName } from '../../../../src/engine/training/stepGraph';
import {
  adapterPhases,
  fillFreezingMask,
  phaseAt,
  type FreezingPlan,
  type Phase,
} from '../../../../src/engine/training/phases';
import {
  initialState,
  TrainingSessions,
  type TrainingState,
} from '../../../../src/engine/training/trainingSessions';
import { InterpreterRuntime } from '../../../support/interpreter/runtime';
import { nudgeAll, tinyAdapters, type TinyAdapters } from '../../../support/tinyAdapters';
import {
  sample,
  tinyBatch,
  tinyModel,
  tinySpec,
  tokens,
  worstDifference,
  type TinyModel,
} from '../../../support/tinyModel';

const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };
const TARGETS = ['layers.1.*v_proj', 'layers.0.*up_proj'];
const RATE = 0.02;

let model: TinyModel;
let rows: ReturnType<typeof sample>[];
beforeAll(async () => {
  model = await tinyModel();
  rows = [5, 3, 4, 2].map((length, i) => sample(tokens(model.config, length, 30 + i)));
});

/** One batch of some rows, its loss weighed as one of an optimiser step with `of` supervised tokens. */
const batchOf = (chosen: readonly number[], of: number): CausalBatch =>
  tinyBatch(
    model.config,
    chosen.map((i) => rows.slice(i, i + 1)),
    { lossWeight: 1 / of },
  );

/** 4 + 2 + 3 + 1 labels. */
const whole = (): CausalBatch => batchOf([0, 1, 2, 3], 10);

function split(phase: Phase, values: ReadonlyMap<string, Float32Array>, known: TrainingState = new Map()) {
  const trained = new Set(phase.parameters.map(({ name }) => name));
  const state = new Map(
    [...values]
      .filter(([name]) => trained.has(name))
      .map(([name, value]) => [name, known.get(name) ?? initialState(value)] as const),
  );
  return { state, frozen: new Map([...values].filter(([name]) => !trained.has(name))) };
}

const setupOf = ({ adapters }: TinyAdapters, phase: Phase) => ({
  spec: tinySpec(model, { adapters }),
  parameters: phase.parameters,
  adam,
  maskable: phase.thawed,
  weightsFolder: model.folder,
});

async function begin(method: AdapterMethodId, freezing: FreezingPlan = { steps: 10, fraction: 1 }) {
  const adapted = tinyAdapters(model, method, {}, TARGETS);
  nudgeAll(adapted, 0.05);
  const phases = adapterPhases(adapted.adapters.values(), freezing);
  const phase = phaseAt(phases, 0);
  if (phase === undefined) throw new Error('no phase');
  const { state, frozen } = split(phase, adapted.values);
  const setup = setupOf(adapted, phase);
  const sessions = await TrainingSessions.create(new InterpreterRuntime('f32'), setup, state, frozen);
  return { sessions, adapted, phases, setup, frozen };
}

describe('gradient accumulation', () => {
  it('adds two micro-batches up to what one batch gives: loss, gradients and update', async () => {
    const one = (await begin('lora')).sessions;
    const two = (await begin('lora')).sessions;
    const loss = await one.accumulate(whole().feeds, true);
    const first = await two.accumulate(batchOf([2, 0], 10).feeds, true);
    const second = await two.accumulate(batchOf([3, 1], 10).feeds, false);
    expect(first + second).toBeCloseTo(loss, 6);
    const [gradients, summed] = [await one.gradients(), await two.gradients()];
    for (const [name, gradient] of gradients) {
      expect(worstDifference(summed.get(name) ?? [], gradient)).toBeLessThan(1e-6);
    }
    const norms = [await one.applyUpdate(RATE, 1), await two.applyUpdate(RATE, 1)];
    expect(norms[1]).toBeCloseTo(norms[0] ?? NaN, 5);
    for (const [name, value] of await one.values()) {
      expect(worstDifference((await two.values()).get(name) ?? [], value)).toBeLessThan(1e-4);
    }
  });

  it('begins from zero with the first micro-batch of the next step', async () => {
    const { sessions } = await begin('lora');
    await sessions.accumulate(whole().feeds, true);
    const once = await sessions.gradients();
    await sessions.accumulate(whole().feeds, true);
    expect(await sessions.gradients()).toEqual(once);
    await sessions.accumulate(whole().feeds, false);
    for (const [name, gradient] of await sessions.gradients()) {
      expect(
        worstDifference(
          gradient,
          (once.get(name) ?? gradient).map((g) => 2 * g),
        ),
      ).toBeLessThan(1e-6);
    }
  });
});

describe('the reader', () => {
  it('gives every parameter as it is now, in any order, and nothing for what is none', async () => {
    const { sessions } = await begin('lamda');
    await sessions.accumulate(whole().feeds, true);
    await sessions.applyUpdate(RATE, 1);
    const values = await sessions.values();
    expect(values.size).toBeGreaterThan(2);
    const read = sessions.reader();
    for (const name of [...values.keys(), ...[...values.keys()].reverse()])
      expect(await read(name)).toEqual(values.get(name));
    expect(await read('model.layers.0.mlp.up_proj.pma')).toBeUndefined();
  });
});

describe('a few steps', () => {
  it.each(['lora', 'pissa', 'lamda'] as const)('lower the loss: %s', async (method) => {
    const { sessions } = await begin(method);
    const losses: number[] = [];
    for (let step = 1; step <= 6; step++) {
      losses.push(await sessions.accumulate(whole().feeds, true));
      await sessions.applyUpdate(RATE, step);
    }
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? NaN) - 0.1);
  });

  it('go on from a saved state as if they had not stopped, bit for bit', async () => {
    const { sessions, setup, frozen } = await begin('pissa');
    const advance = async (on: TrainingSessions, from: number, to: number): Promise<number[]> => {
      const losses: number[] = [];
      for (let step = from; step <= to; step++) {
        losses.push(await on.accumulate(whole().feeds, true), await on.applyUpdate(RATE, step));
      }
      return losses;
    };
    await advance(sessions, 1, 2);
    const saved = await sessions.state();
    const kept = new Map([...saved].map(([name, state]) => [name, structuredClone(state)]));
    const straight = await advance(sessions, 3, 4);
    // What was read back is not changed by later steps.
    expect(saved).toEqual(kept);
    const again = await TrainingSessions.create(new InterpreterRuntime('f32'), setup, saved, frozen);
    expect(await again.state()).toEqual(saved);
    expect(await advance(again, 3, 4)).toEqual(straight);
    expect(await again.state()).toEqual(await sessions.state());
  });
});

describe('lamda’s freezing', () => {
  const freezing: FreezingPlan = { steps: 8, fraction: 0.5 };
  const pmbOf = (adapted: TinyAdapters): string[] =>
    [...adapted.adapters.values()].map(({ module }) => factorName(module, 'pmb'));

  it('stops column after column, whatever their momentum, and counts what is still trained', async () => {
    const { sessions, adapted } = await begin('lamda', freezing);
    const rank = 3;
    const size = [...adapted.adapters.values()].reduce((sum, { module }) => sum + module.outputs, 0);
    const counts: number[] = [];
    const frozenAt: number[] = [];
    for (let step = 1; step <= 4; step++) {
      await sessions.setMasks(fillFreezingMask(adapted.adapters, freezing, step));
      counts.push(sessions.trainable());
      const before = await sessions.values();
      await sessions.accumulate(whole().feeds, true);
      await sessions.applyUpdate(RATE, step);
      const after = await sessions.values();
      const still = pmbOf(adapted).map((name) => {
        const [old, fresh] = [before.get(name) ?? [], after.get(name) ?? new Float32Array()];
        const columns = [0, 1, 2].map((column) =>
          fresh.every((value, i) => i % rank !== column || value === old[i]),
        );
        const moved = [0, 1, 2].map((column) =>
          fresh.every((value, i) => i % rank !== column || value !== old[i]),
        );
        expect(columns.map((stopped) => !stopped)).toEqual(moved);
        return columns.filter(Boolean).length;
      });
      expect(new Set(still).size).toBe(1);
      frozenAt.push(still[0] ?? NaN);
    }
    // t_i = 4: floor(3 t / 4) columns are frozen after step t, and stand still in the next.
    expect(frozenAt).toEqual([0, 0, 1, 2]);
    const core = 2 * rank * rank;
    expect(counts).toEqual([0, 0, 1, 2].map((frozen) => core + (rank - frozen) * size));
  });

  it('hands over to the core without changing a value, a moment or the loss', async () => {
    const { sessions, adapted, phases, frozen } = await begin('lamda', freezing);
    for (let step = 1; step <= 4; step++) {
      await sessions.setMasks(fillFreezingMask(adapted.adapters, freezing, step));
      await sessions.accumulate(whole().feeds, true);
      await sessions.applyUpdate(RATE, step);
    }
    const state = await sessions.state();
    const all = new Map([...frozen, ...(await sessions.values())]);
    const core = phaseAt(phases, 4);
    if (core === undefined) throw new Error('no core phase');
    expect(core.name).toBe('core');
    const parts = split(core, all, state);
    const setup = setupOf(adapted, core);
    const next = await TrainingSessions.create(
      new InterpreterRuntime('f32'),
      setup,
      parts.state,
      parts.frozen,
    );
    for (const [name, kept] of await next.state()) expect(kept).toEqual(state.get(name));
    expect(next.trainable()).toBe(2 * 9);
    expect(await next.accumulate(whole().feeds, true)).toBe(await sessions.accumulate(whole().feeds, true));
    const [before, after] = [await sessions.gradients(), await next.gradients()];
    expect([...after.keys()].every((name) => name.endsWith('.lda'))).toBe(true);
    for (const [name, gradient] of after) expect(gradient).toEqual(before.get(name));
    await next.applyUpdate(RATE, 5);
    expect(parts.frozen.get(pmbOf(adapted)[0] ?? '')).toEqual(all.get(pmbOf(adapted)[0] ?? ''));
  });
});

describe('setValues', () => {
  it('trains on from other values, as if it had begun with them', async () => {
    const { sessions, adapted, setup, frozen } = await begin('lora');
    await sessions.accumulate(whole().feeds, true);
    nudgeAll(adapted, 0.3);
    await sessions.setValues(adapted.values);
    const state = new Map([...adapted.values].map(([name, value]) => [name, initialState(value)] as const));
    const fresh = await TrainingSessions.create(new InterpreterRuntime('f32'), setup, state, frozen);
    expect(await sessions.values()).toEqual(await fresh.values());
    expect(await sessions.accumulate(whole().feeds, true)).toBe(await fresh.accumulate(whole().feeds, true));
    expect(await sessions.gradients()).toEqual(await fresh.gradients());
  });
});

describe('create', () => {
  it('names a frozen factor that is missing', async () => {
    const { setup, adapted, phases } = await begin('pissa');
    const phase = phaseAt(phases, 0);
    if (phase === undefined) throw new Error('no phase');
    const { state } = split(phase, adapted.values);
    await expect(
      TrainingSessions.create(new InterpreterRuntime('f32'), setup, state, new Map()),
    ).rejects.toThrow(/initial_A'?: a frozen factor is missing/);
  });

  it('names a parameter that the state lacks', async () => {
    const { setup, frozen } = await begin('lora');
    await expect(
      TrainingSessions.create(new InterpreterRuntime('f32'), setup, new Map(), frozen),
    ).rejects.toThrow(/lora_A'?: the training state lacks a parameter/);
  });
});

describe('dispose', () => {
  it('gives every tensor back', async () => {
    const { sessions } = await begin('lora');
    await sessions.dispose();
    await expect(sessions.values()).rejects.toThrow();
  });
});
