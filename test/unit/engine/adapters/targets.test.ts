import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/base/errors';
import { checkRanks, selectModules } from '../../../../src/engine/adapters/targets';
import { linearModules } from '../../../../src/engine/models/modules';
import { tinyConfig } from '../../../support/tinyModel';

const modules = linearModules(tinyConfig({ layers: 12 }));
const select = (...targets: string[]): string[] => selectModules(modules, targets).map(({ path }) => path);

function factsOf(work: () => unknown): InputError['facts'] {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof InputError) return thrown.facts;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}

describe('selectModules', () => {
  it('takes every linear layer', () => {
    expect(selectModules(modules, 'all-linear')).toBe(modules);
  });

  it('takes all modules of a name, in the model’s order', () => {
    const chosen = select('v_proj', 'q_proj');
    expect(chosen).toHaveLength(24);
    expect(chosen.slice(0, 3)).toEqual([
      'model.layers.0.self_attn.q_proj',
      'model.layers.0.self_attn.v_proj',
      'model.layers.1.self_attn.q_proj',
    ]);
  });

  it('takes the end of a path, whole parts only', () => {
    expect(select('mlp.up_proj')).toHaveLength(12);
    expect(select('layers.1.mlp.up_proj')).toEqual(['model.layers.1.mlp.up_proj']);
    expect(select('model.layers.11.mlp.up_proj')).toEqual(['model.layers.11.mlp.up_proj']);
    expect(() => select('proj')).toThrow(InputError);
  });

  it('takes patterns, in which a dot is a dot', () => {
    expect(select('layers.3.*')).toHaveLength(7);
    expect(select('layers.1*.q_proj')).toEqual([1, 10, 11].map((i) => `model.layers.${i}.self_attn.q_proj`));
    expect(select('*')).toHaveLength(modules.length);
    expect(() => select('model_layers.0.self_attn.q_proj')).toThrow(InputError);
    expect(() => select('(q|v)_proj')).toThrow(InputError);
  });

  it('takes a module once, however often it is named', () => {
    expect(select('q_proj', '*.q_proj', 'q_proj')).toHaveLength(12);
  });

  it('names a target that matches nothing, and what would', () => {
    expect(factsOf(() => selectModules(modules, ['q_proj', 'query'], 'a.tune.yaml'))).toEqual({
      what: "'query' matches no linear layer of the model",
      file: 'a.tune.yaml',
      key: 'adapter.target_modules[1]',
      expected:
        'one of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, a path such as model.layers.0.self_attn.q_proj, or all-linear',
      remedy: 'Mend or remove the name.',
    });
  });
});

describe('checkRanks', () => {
  it('allows a rank up to the smaller side of every matrix', () => {
    expect(() => checkRanks(modules, 12)).not.toThrow();
  });

  it('names the first matrix that is too small', () => {
    expect(factsOf(() => checkRanks(modules, 13, 'a.tune.yaml'))).toEqual({
      what: 'the rank is larger than the matrix of model.layers.0.self_attn.k_proj',
      file: 'a.tune.yaml',
      key: 'adapter.rank',
      got: '13',
      expected: 'at most 12, since the matrix is 12 x 16',
      remedy: 'Lower the rank, or leave the module out of adapter.target_modules.',
    });
  });
});
