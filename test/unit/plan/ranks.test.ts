import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lamda } from '../../../src/engine/adapters/lamda/lamda';
import { linearModules } from '../../../src/engine/models/modules';
import { parseExperiment } from '../../../src/protocol/experiment/parse';
import { resolveExperiment } from '../../../src/protocol/experiment/resolve';
import type { LowRankConfig } from '../../../src/protocol/experiment/types';
import {
  allocateRanks,
  energiesOf,
  evenRanks,
  neededRanks,
  type RankSpectrum,
  trainableParameters,
} from '../../../src/plan/ranks';
import { RANKS_FILE, ranksOfRun, ranksRecord } from '../../../src/trainer/training/ranksFile';
import { temporaryFolder, tinyConfig } from '../../support/tinyModel';

const config = tinyConfig();
const modules = linearModules(config);
const SETTINGS = { alpha: 1, balance: true, coreOnly: false, basis: 'weights', dropout: 0 } as const;

/** The adapter of an experiment that says this of it. */
function adapterOf(text: string): LowRankConfig {
  const file = `model: m\ndata: { train: a.jsonl, text: "{t}" }\nadapter: ${text}\n`;
  const { values, errors } = parseExperiment(file, '/x.tune.yaml');
  if (values === undefined) throw new Error(errors.join('\n'));
  const { adapter } = resolveExperiment(values, 'x', (path) => path);
  if (adapter.method === 'full') throw new Error('full fine-tuning has no ranks');
  return adapter;
}

/** Spectra that fall off the faster, the earlier the module stands. */
const SPECTRA: ReadonlyMap<string, RankSpectrum> = new Map(
  modules.map(({ path, inputs, outputs }, k) => {
    const values = Float32Array.from({ length: Math.min(inputs, outputs) }, (_, i) =>
      Math.exp(-i / (1 + k / 3)),
    );
    return [path, { values, frobenius: Math.hypot(...values) }];
  }),
);

function allocated(text: string): { ranks: number[]; trainable: number; pinned: string[] } {
  const found = allocateRanks(adapterOf(text), modules, SPECTRA);
  const trainable = found.reduce((sum, { rank }, i) => {
    const module = modules[i];
    return module === undefined ? NaN : sum + trainableParameters(lamda, module, { ...SETTINGS, rank });
  }, 0);
  return {
    ranks: found.map(({ rank }) => rank),
    trainable,
    pinned: found.filter(({ pinned }) => pinned).map(({ path }) => path),
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('the ranks of LaMDA++', () => {
  it('are the same by few values, by all of them, and by the energies', () => {
    for (const rule of ['equal-energy', 'energy-bins', 'uniform']) {
      const adapter = adapterOf(
        `{ method: lamda++, rank: 6, ranks: { candidates: [2, 4, 8], allocation: ${rule}, pinned: { up_proj: 7 } } }`,
      );
      const few = new Map(
        [...SPECTRA].map(([path, { values, frobenius }]) => [
          path,
          { values: Array.from(values).slice(0, 8), frobenius },
        ]),
      );
      const energies = new Map(
        [...SPECTRA].map(([path, spectrum]) => [path, { energies: energiesOf(spectrum) }]),
      );
      const ranks = allocateRanks(adapter, modules, SPECTRA);
      if (rule !== 'uniform') expect(allocateRanks(adapter, modules, few)).toEqual(ranks);
      expect(allocateRanks(adapter, modules, energies)).toEqual(ranks);
    }
  });

  it('meet the mean rank from below, the flat modules getting more', () => {
    const { ranks } = allocated('{ method: lamda++, rank: 6, ranks: { candidates: [2, 4, 8, 12] } }');
    expect(sum(ranks)).toBeLessThanOrEqual(6 * modules.length);
    expect(sum(ranks)).toBeGreaterThan(5.5 * modules.length);
    expect(ranks[0]).toBe(2);
    expect(Math.min(...ranks.slice(-4))).toBeGreaterThan(Math.max(...ranks.slice(0, 2)));
  });

  it('meet a budget of trainable parameters', () => {
    const { trainable } = allocated(
      '{ method: lamda++, ranks: { candidates: [1, 2, 3, 4, 6, 8], budget: 1500 } }',
    );
    expect(trainable).toBeLessThanOrEqual(1500);
    expect(trainable).toBeGreaterThan(1400);
  });

  it('stay between minimum and maximum', () => {
    const { ranks } = allocated(
      '{ method: lamda++, rank: 6, ranks: { candidates: [2, 4, 6, 8, 12], min: 4, max: 8 } }',
    );
    expect(Math.min(...ranks)).toBe(4);
    expect(Math.max(...ranks)).toBe(8);
  });

  it('keep what is pinned, of two patterns the later one', () => {
    const { ranks, pinned } = allocated(
      '{ method: lamda++, rank: 6, ranks: { candidates: [2, 4, 8], pinned: { q_proj: 3, layers.1.self_attn.q_proj: 5 } } }',
    );
    const of = (path: string): number | undefined =>
      ranks[modules.findIndex((module) => module.path === path)];
    expect(of('model.layers.0.self_attn.q_proj')).toBe(3);
    expect(of('model.layers.1.self_attn.q_proj')).toBe(5);
    expect(pinned).toEqual(['model.layers.0.self_attn.q_proj', 'model.layers.1.self_attn.q_proj']);
  });

  it('are one for all where they are uniform, in a mean as in a budget', () => {
    const even = allocated('{ method: lamda++, rank: 6, ranks: { allocation: uniform } }');
    expect(new Set(even.ranks)).toEqual(new Set([6]));
    const paid = allocated('{ method: lamda++, ranks: { allocation: uniform, budget: 1500 } }');
    expect(new Set(paid.ranks).size).toBe(1);
    expect(paid.trainable).toBeLessThanOrEqual(1500);
    const [rank = 0] = paid.ranks;
    const more = modules.reduce(
      (total, module) => total + trainableParameters(lamda, module, { ...SETTINGS, rank: rank + 1 }),
      0,
    );
    expect(more).toBeGreaterThan(1500);
  });

  it.each([
    ['{ method: lamda++, ranks: { budget: 10 } }', /budget of 10 is less than/u],
    ['{ method: lamda++, ranks: { budget: 10, allocation: uniform } }', /budget of 10 is less than/u],
    [
      '{ method: lamda++, ranks: { pinned: { q_prj: 8 } } }',
      /'q_prj' matches no linear layer.*Did you mean q_proj/u,
    ],
    ['{ method: lamda++, ranks: { pinned: { q_proj: 999 } } }', /rank is larger than the matrix/u],
  ])('say what is wrong: %s', (text, words) => {
    expect(() => allocated(text)).toThrow(words);
  });
});

describe('ranks before the spectra are known', () => {
  it('are the mean, or what a matrix has', () => {
    const adapter = adapterOf('{ method: lamda++, rank: 14, ranks: { pinned: { k_proj: 2 } } }');
    for (const module of modules) {
      const most = Math.min(14, module.inputs, module.outputs);
      expect(evenRanks(adapter, modules).get(module.path)).toBe(module.kind === 'k_proj' ? 2 : most);
    }
  });

  it('of another method are its rank, which every matrix must have', () => {
    expect(new Set(evenRanks(adapterOf('{ rank: 5 }'), modules).values())).toEqual(new Set([5]));
    expect(() => evenRanks(adapterOf('{ rank: 15 }'), modules)).toThrow(/rank is larger than the matrix/u);
  });

  it('say how many singular values are needed', () => {
    const needed = (text: string): number | undefined =>
      neededRanks(adapterOf(text), modules).get('model.layers.0.self_attn.q_proj');
    expect(needed('{ method: lamda, rank: 5 }')).toBe(5);
    expect(needed('{ method: lamda++, rank: 8, ranks: { candidates: [4, 12] } }')).toBe(12);
    expect(needed('{ method: lamda++, rank: 4, ranks: { candidates: [4, 12], max: 8 } }')).toBe(4);
    expect(needed('{ method: lamda++, rank: 8 }')).toBe(16);
    expect(needed('{ method: lamda++, rank: 8, ranks: { pinned: { q_proj: 3 } } }')).toBe(3);
    expect(needed('{ method: lamda++, rank: 7, ranks: { allocation: uniform } }')).toBe(7);
  });
});

describe('the ranks of a run', () => {
  const adapter = adapterOf('{ method: lamda++, rank: 6, ranks: { candidates: [2, 4, 8] } }');

  it('are read as they were written', async () => {
    const folder = await temporaryFolder();
    const ranks = allocateRanks(adapter, modules, SPECTRA);
    await writeFile(join(folder, RANKS_FILE), JSON.stringify(ranksRecord(adapter, ranks)));
    expect(await ranksOfRun(folder, adapter, config)).toEqual(
      new Map(ranks.map(({ path, rank }) => [path, rank])),
    );
  });

  it.each([
    ['missing', undefined, 'the run’s ranks cannot be read'],
    ['of another version', '{"formatVersion":2,"modules":[]}', 'the run’s ranks cannot be read'],
    ['without a module', '{"formatVersion":1,"modules":[]}', 'the run’s ranks lack a module'],
    ['torn', '{"formatVersion":1,"mod', 'not valid JSON'],
  ])('are refused where the file is %s', async (_, text, words) => {
    const folder = await temporaryFolder();
    if (text !== undefined) await writeFile(join(folder, RANKS_FILE), text);
    await expect(ranksOfRun(folder, adapter, config)).rejects.toThrow(words);
  });
});
