import { describe, expect, it } from 'vitest';
import type { LoraForm } from '../../../../src/engine/adapters/method';
import { peftConfig, peftTensorName } from '../../../../src/engine/adapters/peft';
import { linearModules, type LinearModule } from '../../../../src/engine/models/modules';
import { tinyConfig } from '../../../support/tinyModel';

const modules = linearModules(tinyConfig());

function forms(rank: (module: LinearModule) => number | undefined): Map<LinearModule, LoraForm> {
  const found = new Map<LinearModule, LoraForm>();
  for (const module of modules) {
    const r = rank(module);
    if (r === undefined) continue;
    found.set(module, {
      rank: r,
      a: new Float32Array(r * module.inputs),
      b: new Float32Array(module.outputs * r),
    });
  }
  return found;
}

describe('peftTensorName', () => {
  it('is PEFT’s', () => {
    const [first] = modules;
    if (first === undefined) throw new Error('no module');
    expect(peftTensorName(first, 'A')).toBe('base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight');
  });
});

describe('peftConfig', () => {
  it('says what PEFT must know, with a scale of 1', () => {
    expect(
      peftConfig(
        'some/model',
        modules,
        forms(() => 4),
      ),
    ).toEqual({
      peft_type: 'LORA',
      task_type: 'CAUSAL_LM',
      base_model_name_or_path: 'some/model',
      inference_mode: true,
      r: 4,
      lora_alpha: 4,
      lora_dropout: 0,
      bias: 'none',
      fan_in_fan_out: false,
      use_rslora: false,
      use_dora: false,
      init_lora_weights: true,
      modules_to_save: null,
      layers_to_transform: null,
      layers_pattern: null,
      rank_pattern: {},
      alpha_pattern: {},
      target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
    });
  });

  it('puts ranks that differ from the commonest into patterns, alpha with them', () => {
    const config = peftConfig(
      '',
      modules,
      forms(({ kind, layer }) => (kind === 'up_proj' ? 8 : kind === 'q_proj' && layer === 1 ? 2 : 4)),
    );
    const pattern = {
      'model.layers.0.mlp.up_proj': 8,
      'model.layers.1.self_attn.q_proj': 2,
      'model.layers.1.mlp.up_proj': 8,
    };
    expect(config).toMatchObject({ r: 4, lora_alpha: 4 });
    expect(config.rank_pattern).toEqual(pattern);
    expect(config.alpha_pattern).toEqual(pattern);
  });

  it('names kinds that are adapted in every layer, and whole paths of the others', () => {
    const config = peftConfig(
      '',
      modules,
      forms(({ kind, layer }) => (kind === 'v_proj' || (kind === 'q_proj' && layer === 1) ? 4 : undefined)),
    );
    expect(config.target_modules).toEqual(['v_proj', 'model.layers.1.self_attn.q_proj']);
  });
});
