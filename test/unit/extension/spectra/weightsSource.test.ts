import { describe, expect, it } from 'vitest';
import type { Inspector } from '../../../../src/extension/process/inspector';
import { WeightSpectra } from '../../../../src/extension/process/weightSpectra';
import { WeightsSource } from '../../../../src/extension/features/spectra/weightsSource';
import type { ModelInfo, WeightDifference, WeightSpectrum } from '../../../../src/protocol/inspector';
import type { Spectrum } from '../../../../src/protocol/panels/spectra';

const never = new AbortController().signal;
const relation = { rank: 1, overlap: 0.25, fresh: 0.75, overlaps: Float64Array.of(0.25) };

/** A model with one kind of matrices. */
function model(rows: number, layers: number, name = 'q_proj'): ModelInfo {
  const paths = Array.from({ length: layers }, (_, layer) => `model.layers.${layer}.self_attn.${name}`);
  return {
    architecture: 'llama',
    layers,
    parameters: 1,
    modules: [{ name, count: layers, rows, columns: 4, paths }],
    vocabulary: 8,
    positions: 8,
    has_chat_template: false,
  };
}

function spectrum(module: string, first: number): WeightSpectrum {
  return {
    module,
    values: Float64Array.of(first, 1),
    frobenius: Math.hypot(first, 1),
    error_bound: 0,
    exact: true,
  };
}

type Difference = (base: string, tuned: string, module: string) => Promise<WeightDifference>;

const alike: Difference = (_base, _tuned, module) =>
  Promise.resolve({ spectrum: spectrum(module, 3), relation });

function start(models: Readonly<Record<string, ModelInfo>>, difference = alike) {
  const inspector = {
    calls: {
      model: (path: string) => {
        const found = models[path];
        return found === undefined ? Promise.reject(new Error(`no ${path}`)) : Promise.resolve(found);
      },
      spectra: () => Promise.resolve([]),
      spectrum: (path: string, module: string) => Promise.resolve(spectrum(module, path.length)),
      difference,
    },
    // No more is asked of it.
  } as unknown as Inspector;
  const source = new WeightsSource(inspector, new WeightSpectra(inspector));
  return async (base: string, other: string) => {
    const outline = await source.outline({ kind: 'model', path: base });
    const found: Spectrum[] = [];
    const progress: string[] = [];
    await source.compare(
      outline,
      other,
      {
        found: (one) => found.push(one),
        progress: ({ what = '', done, total }) => progress.push(`${what} ${done}/${total}`),
      },
      never,
    );
    return { sets: source.comparedSets(outline, other), found, progress };
  };
}

describe('a comparison of two models', () => {
  const models = {
    '/models/base': model(4, 2),
    '/models/tuned': model(4, 3),
    '/models/wide': model(8, 2),
    '/models/other': model(4, 1, 'k_proj'),
    '/tuned/base': model(4, 1),
  };

  it('has the spectra of the modules that both have', async () => {
    const compare = start(models);
    const { sets, found } = await compare('/models/base', '/models/tuned');
    expect(sets[0]).toEqual({ key: 'compared /models/tuned', name: 'tuned', of: 'weights' });
    const weights = found.filter(({ set }) => set === sets[0]?.key);
    expect(weights.map(({ path, set, values }) => [path, set, values[0]])).toEqual([
      ['model.layers.0.self_attn.q_proj', 'compared /models/tuned', 13],
      ['model.layers.1.self_attn.q_proj', 'compared /models/tuned', 13],
    ]);
    expect((await compare('/models/base', '/models/other')).found).toEqual([]);
  });

  it('has what the other was changed by, and how that lies to the weight', async () => {
    const asked: string[] = [];
    const compare = start(models, (base, tuned, module) => {
      asked.push(`${tuned} - ${base} ${module}`);
      return alike(base, tuned, module);
    });
    const { sets, found, progress } = await compare('/models/base', '/models/tuned');
    expect(sets.map(({ key, of }) => [key, of])).toEqual([
      ['compared /models/tuned', 'weights'],
      ['difference /models/tuned', 'change'],
    ]);
    expect(asked[0]).toBe('/models/tuned - /models/base model.layers.0.self_attn.q_proj');
    const changes = found.filter(({ set }) => set === 'difference /models/tuned');
    expect(changes).toHaveLength(2);
    expect(changes[0]).toMatchObject({ relation, measures: { stableRank: 10 / 9 } });
    expect(progress.at(-1)).toBe('differences 1/2');
  });

  it('has no change of matrices of another shape', async () => {
    const compare = start(models, () => Promise.reject(new Error('asked in vain')));
    const { found } = await compare('/models/base', '/models/wide');
    expect(new Set(found.map(({ set }) => set))).toEqual(new Set(['compared /models/wide']));
  });

  it('tells models of one name apart', async () => {
    const { sets } = await start(models)('/models/base', '/tuned/base');
    expect(sets[0]?.name).toMatch(/^tuned.base$/u);
  });
});
