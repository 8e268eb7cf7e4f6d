import { beforeAll, describe, expect, it } from 'vitest';
import type { AdapterMethodId, AdapterSettings } from '../../../../src/engine/adapters/method';
import {
  adapterPhases,
  fillFreezingMask,
  fullPhase,
  phaseAt,
  type Phase,
} from '../../../../src/engine/training/phases';
import { weightSpecs } from '../../../../src/engine/models/modules';
import { tinyAdapters } from '../../../support/tinyAdapters';
import { tinyConfig, tinyModel, type TinyModel } from '../../../support/tinyModel';

let model: TinyModel;
beforeAll(async () => {
  model = await tinyModel();
});

const adapted = (method: AdapterMethodId, changes: Partial<AdapterSettings> = {}) =>
  tinyAdapters(model, method, changes, ['layers.0.*q_proj']).adapters;
const phasesOf = (
  method: AdapterMethodId,
  fraction: number,
  steps = 10,
  changes: Partial<AdapterSettings> = {},
): readonly Phase[] => adapterPhases(adapted(method, changes).values(), { steps, fraction });
const short = (phases: readonly Phase[]) =>
  phases.map(({ name, fromStep, parameters, thawed }) => ({
    name,
    fromStep,
    parameters: parameters.map((parameter) => parameter.name.replace('model.layers.0.self_attn.q_proj.', '')),
    thawed: [...thawed].map((name_) => name_.replace('model.layers.0.self_attn.q_proj.', '')),
  }));

const all = { name: 'all', fromStep: 0, parameters: ['lda', 'pmb'], thawed: ['pmb'] };
const core = { name: 'core', parameters: ['lda'], thawed: [] };

describe('adapterPhases', () => {
  it.each(['lora', 'pissa'] as const)('gives %s one phase, whatever the fraction', (method) => {
    const wanted = [{ name: 'all', fromStep: 0, parameters: ['lora_A', 'lora_B'], thawed: [] }];
    expect(short(phasesOf(method, 0.3))).toEqual(wanted);
    expect(short(phasesOf(method, 0))).toEqual(wanted);
  });

  it('gives lamda the core alone once the second projection is frozen', () => {
    expect(short(phasesOf('lamda', 0.3))).toEqual([all, { ...core, fromStep: 3 }]);
    expect(short(phasesOf('lamda', 0.25))).toEqual([all, { ...core, fromStep: 3 }]);
  });

  it('begins with the core at fraction 0, and never comes to it at fraction 1', () => {
    expect(short(phasesOf('lamda', 0))).toEqual([{ ...core, fromStep: 0 }]);
    expect(short(phasesOf('lamda', 1))).toEqual([all]);
  });

  it('leaves out a core phase that no step falls into', () => {
    // t_i = ceil(0.95 * 10) = 10 steps, which is all of them.
    expect(short(phasesOf('lamda', 0.95))).toEqual([all]);
    expect(short(phasesOf('lamda', 0.5, 1))).toEqual([all]);
  });

  it('trains the core alone in one phase where the second projection is frozen from the start', () => {
    expect(short(phasesOf('lamda', 0.3, 10, { coreOnly: true }))).toEqual([
      { name: 'all', fromStep: 0, parameters: ['lda'], thawed: [] },
    ]);
  });

  it('decays every factor', () => {
    const phases = [...phasesOf('lamda', 0.3), ...phasesOf('lora', 0)];
    expect(phases.every(({ parameters }) => parameters.every(({ decay }) => decay))).toBe(true);
  });
});

describe('phaseAt', () => {
  it('finds the phase of the step after so many', () => {
    const phases = phasesOf('lamda', 0.3);
    const names = [0, 1, 2, 3, 4, 9].map((done) => phaseAt(phases, done)?.name);
    expect(names).toEqual(['all', 'all', 'all', 'core', 'core', 'core']);
  });
});

describe('fillFreezingMask', () => {
  const maskAt = (step: number, changes: Partial<AdapterSettings> = {}): number[] => {
    const mask = new Float32Array(24 * 3).fill(1);
    fillFreezingMask(
      adapted('lamda', changes),
      { steps: 10, fraction: 0.6 },
      step,
    )('model.layers.0.self_attn.q_proj.pmb', mask);
    const columns = [0, 1, 2].map((column) => mask.filter((_, i) => i % 3 === column));
    for (const column of columns) expect(new Set(column).size).toBe(1);
    return columns.map((column) => column[0] ?? NaN);
  };

  it('stops a column in the step after the one that froze it', () => {
    // t_i = 6, rank 3: after steps 2, 4 and 6 one column more is frozen.
    expect([1, 2, 3, 4, 5, 6].map((step) => maskAt(step))).toEqual([
      [1, 1, 1],
      [1, 1, 1],
      [0, 1, 1],
      [0, 1, 1],
      [0, 0, 1],
      [0, 0, 1],
    ]);
  });

  it('leaves alone what does not thaw', () => {
    const mask = new Float32Array(9).fill(1);
    const fill = fillFreezingMask(adapted('lamda'), { steps: 10, fraction: 0.5 }, 9);
    fill('model.layers.0.self_attn.q_proj.lda', mask);
    fill('no such parameter', mask);
    expect([...mask]).toEqual(new Array<number>(9).fill(1));
  });
});

describe('fullPhase', () => {
  it('trains every weight once, and decays neither norms nor biases', () => {
    const config = tinyConfig({ qkNorm: true, biases: { qkv: true, output: false, mlp: false } });
    const { parameters, thawed } = fullPhase(config);
    expect(parameters.map(({ name, shape }) => ({ name, shape }))).toEqual(weightSpecs(config));
    expect(thawed.size).toBe(0);
    const still = parameters.filter(({ decay }) => !decay).map(({ name }) => name.replace(/\d+/, 'N'));
    expect([...new Set(still)].sort()).toEqual([
      'model.layers.N.input_layernorm.weight',
      'model.layers.N.post_attention_layernorm.weight',
      'model.layers.N.self_attn.k_norm.weight',
      'model.layers.N.self_attn.k_proj.bias',
      'model.layers.N.self_attn.q_norm.weight',
      'model.layers.N.self_attn.q_proj.bias',
      'model.layers.N.self_attn.v_proj.bias',
      'model.norm.weight',
    ]);
  });

  it('trains a tied embedding once', () => {
    const names = fullPhase(tinyConfig({ tiedHead: true })).parameters.map(({ name }) => name);
    expect(names.filter((name) => /embed|lm_head/.test(name))).toEqual(['model.embed_tokens.weight']);
  });
});
