import { describe, expect, it } from 'vitest';
import { headWeight, linearModules, weightSpecs } from '../../../../src/engine/models/modules';
import { tinyConfig } from '../../../support/tinyModel';

const names = (specs: readonly { readonly name: string }[]): string[] => specs.map(({ name }) => name);

describe('linearModules', () => {
  it('lists every projection of every layer with its sizes', () => {
    const modules = linearModules(tinyConfig({ layers: 1 }));
    expect(modules.map(({ path, kind, inputs, outputs }) => [path, kind, outputs, inputs])).toEqual([
      ['model.layers.0.self_attn.q_proj', 'q_proj', 24, 16],
      ['model.layers.0.self_attn.k_proj', 'k_proj', 12, 16],
      ['model.layers.0.self_attn.v_proj', 'v_proj', 12, 16],
      ['model.layers.0.self_attn.o_proj', 'o_proj', 16, 24],
      ['model.layers.0.mlp.gate_proj', 'gate_proj', 20, 16],
      ['model.layers.0.mlp.up_proj', 'up_proj', 20, 16],
      ['model.layers.0.mlp.down_proj', 'down_proj', 16, 20],
    ]);
    expect(modules.every(({ path, weight, bias }) => weight === `${path}.weight` && bias === undefined)).toBe(
      true,
    );
  });

  it('goes layer by layer and leaves out the head', () => {
    const modules = linearModules(tinyConfig({ layers: 3 }));
    expect(modules.map(({ layer }) => layer)).toEqual(
      [0, 1, 2].flatMap((layer) => new Array<number>(7).fill(layer)),
    );
    expect(modules.some(({ path }) => path.includes('lm_head'))).toBe(false);
  });

  it('names biases where the family has them', () => {
    const biased = (biases: { qkv: boolean; output: boolean; mlp: boolean }): string[] =>
      linearModules(tinyConfig({ layers: 1, biases })).flatMap(({ bias, kind }) =>
        bias === undefined ? [] : [kind],
      );
    expect(biased({ qkv: true, output: false, mlp: false })).toEqual(['q_proj', 'k_proj', 'v_proj']);
    expect(biased({ qkv: false, output: true, mlp: false })).toEqual(['o_proj']);
    expect(biased({ qkv: false, output: false, mlp: true })).toEqual(['gate_proj', 'up_proj', 'down_proj']);
  });
});

describe('weightSpecs', () => {
  it('lists the tensors of a plain layer in the order of the forward pass', () => {
    expect(
      weightSpecs(tinyConfig({ layers: 1 })).map(({ name, shape }) => `${name} ${shape.join('x')}`),
    ).toEqual([
      'model.embed_tokens.weight 23x16',
      'model.layers.0.input_layernorm.weight 16',
      'model.layers.0.post_attention_layernorm.weight 16',
      'model.layers.0.self_attn.q_proj.weight 24x16',
      'model.layers.0.self_attn.k_proj.weight 12x16',
      'model.layers.0.self_attn.v_proj.weight 12x16',
      'model.layers.0.self_attn.o_proj.weight 16x24',
      'model.layers.0.mlp.gate_proj.weight 20x16',
      'model.layers.0.mlp.up_proj.weight 20x16',
      'model.layers.0.mlp.down_proj.weight 16x20',
      'model.norm.weight 16',
      'lm_head.weight 23x16',
    ]);
  });

  it('has no head of its own where it is tied to the embedding', () => {
    const tied = tinyConfig({ tiedHead: true });
    expect(names(weightSpecs(tied))).not.toContain('lm_head.weight');
    expect(headWeight(tied)).toBe('model.embed_tokens.weight');
    expect(headWeight(tinyConfig())).toBe('lm_head.weight');
  });

  it('has biases and norms of queries and keys where the family has them', () => {
    const plain = names(weightSpecs(tinyConfig()));
    const rich = weightSpecs(tinyConfig({ qkNorm: true, biases: { qkv: true, output: true, mlp: true } }));
    const added = rich.filter(({ name }) => !plain.includes(name));
    expect(rich.length).toBe(plain.length + 2 * (2 + 7));
    expect(added.slice(0, 4).map(({ name, shape }) => [name.replace('model.layers.0.', ''), shape])).toEqual([
      ['self_attn.q_norm.weight', [6]],
      ['self_attn.k_norm.weight', [6]],
      ['self_attn.q_proj.bias', [24]],
      ['self_attn.k_proj.bias', [12]],
    ]);
  });
});
