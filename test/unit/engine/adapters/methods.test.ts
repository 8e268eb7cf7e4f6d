import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { beforeAll, describe, expect, it } from 'vitest';
import { multiply } from '../../../../src/engine/adapters/factors';
import type { AdapterMethodId, AdapterSettings, Factors } from '../../../../src/engine/adapters/method';
import { adapterMethods } from '../../../../src/engine/adapters/registry';
import { linearModules } from '../../../../src/engine/models/modules';
import { factorName } from '../../../../src/engine/training/stepGraph';
import { exactTopSingular } from '../../../../src/engine/spectra/exactSvd';
import { transposed } from '../spectra/matrices';
import { referenceLogits } from '../../../support/referenceDecoder';
import {
  factorFeeds,
  initialFactors,
  loraFormsOf,
  mergedWeights,
  nudge,
  nudgeAll,
  plainSettings,
  tinyAdapters,
  type TinyAdapters,
} from '../../../support/tinyAdapters';
import {
  sample,
  tinyBatch,
  tinyLogits,
  tinyModel,
  tinySpec,
  tokens,
  worstDifference,
  worstRow,
  type TinyModel,
} from '../../../support/tinyModel';

interface Case {
  readonly name: string;
  readonly method: AdapterMethodId;
  readonly settings: Partial<AdapterSettings>;
  readonly loraRank: number;
}

const cases: readonly Case[] = [
  { name: 'lora', method: 'lora', settings: {}, loraRank: 3 },
  { name: 'lora with a scale of 2.5', method: 'lora', settings: { alpha: 7.5 }, loraRank: 3 },
  { name: 'pissa', method: 'pissa', settings: {}, loraRank: 6 },
  { name: 'lamda', method: 'lamda', settings: {}, loraRank: 3 },
  { name: 'lamda without balance', method: 'lamda', settings: { balance: false }, loraRank: 3 },
  { name: 'lamda on another basis', method: 'lamda', settings: { basis: 'gradient' }, loraRank: 3 },
  { name: 'lamda, the core alone', method: 'lamda', settings: { coreOnly: true }, loraRank: 3 },
];

let model: TinyModel;
let ids: number[];
beforeAll(async () => {
  model = await tinyModel({ biases: { qkv: true, output: false, mlp: false } });
  ids = tokens(model.config, 6);
});

const logitsOf = (adapted: TinyAdapters | undefined) => {
  const batch = tinyBatch(model.config, [[sample([...ids, 0])]]);
  if (adapted === undefined) return tinyLogits(model, batch);
  return tinyLogits(model, batch, tinySpec(model, { adapters: adapted.adapters }), factorFeeds(adapted));
};

/** W of the first layer's q_proj. */
const target = () => {
  const module = linearModules(model.config)[0];
  if (module === undefined) throw new Error('no module');
  return { module, weight: model.weight(module.weight) };
};

it('every registered method is in the matrix', () => {
  expect(new Set(cases.map(({ method }) => method))).toEqual(new Set(Object.keys(adapterMethods)));
  for (const [name, method] of Object.entries(adapterMethods)) expect(method.id).toBe(name);
});

describe.each(cases)('$name', ({ method, settings, loraRank }) => {
  it('changes nothing at the start', async () => {
    const [base, adapted] = [
      await logitsOf(undefined),
      await logitsOf(tinyAdapters(model, method, settings)),
    ];
    expect(worstRow(adapted, base)).toBeLessThan(1e-5);
  });

  it('is the plain LoRA of a change of exactly 0 at the start', () => {
    for (const [{ inputs, outputs }, form] of loraFormsOf(tinyAdapters(model, method, settings))) {
      const product = multiply(form.b, form.a, outputs, form.rank, inputs);
      expect(product.every((value) => value === 0)).toBe(true);
    }
  });

  it('tells the weight’s own directions where it started from them, to its end', () => {
    const full = { ...plainSettings, ...settings };
    const adapted = tinyAdapters(model, method, settings);
    nudgeAll(adapted);
    for (const { module } of adapted.adapters.values()) {
      const names = adapterMethods[method].factors(module, full).map(({ name }) => name);
      const factors = Object.fromEntries(
        names.map((name) => [name, adapted.values.get(factorName(module, name)) ?? new Float32Array()]),
      );
      const found = adapterMethods[method].directions(module, full, factors);
      expect(found !== undefined).toBe(method !== 'lora' && full.basis === 'weights');
      if (found === undefined) continue;
      const { outputs, inputs } = module;
      const exact = exactTopSingular(model.weight(module.weight), outputs, inputs, 3);
      // Each is its own, up to the sign.
      const left = multiply(transposed(exact.u, outputs, 3), found.u, 3, outputs, 3);
      const right = multiply(exact.vt, transposed(found.vt, 3, inputs), 3, inputs, 3);
      for (let i = 0; i < 9; i++) {
        const expected = i % 4 === 0 ? 1 : 0;
        expect(Math.abs(left[i] ?? NaN)).toBeCloseTo(expected, 5);
        expect(Math.abs(right[i] ?? NaN)).toBeCloseTo(expected, 5);
      }
    }
  });

  it('starts from factors of the declared shapes', () => {
    const full = { ...plainSettings, ...settings };
    for (const module of linearModules(model.config)) {
      const factors = initialFactors(model, module, method, full);
      const declared = adapterMethods[method].factors(module, full);
      expect(Object.keys(factors).sort()).toEqual(declared.map(({ name }) => name).sort());
      for (const { name, shape } of declared) expect(factors[name]?.length).toBe(shape[0] * shape[1]);
    }
  });

  it('changes with each factor that is trained', async () => {
    const adapted = tinyAdapters(model, method, settings);
    nudgeAll(adapted);
    const before = await logitsOf(adapted);
    const { module } = target();
    const trained = adapterMethods[method]
      .factors(module, { ...plainSettings, ...settings })
      .filter(({ kind }) => kind !== 'frozen');
    expect(trained.length).toBeGreaterThan(0);
    for (const { name } of trained) {
      const values = new Map(adapted.values);
      nudge(values, factorName(module, name), 0.2);
      expect(worstRow(await logitsOf({ ...adapted, values }), before)).toBeGreaterThan(1e-4);
    }
  });

  it('is the plain LoRA that it is exported as: W + B A', async () => {
    const adapted = tinyAdapters(model, method, settings);
    nudgeAll(adapted);
    const forms = loraFormsOf(adapted);
    for (const [module, { rank, a, b }] of forms) {
      expect(rank).toBe(loraRank);
      expect([a.length, b.length]).toEqual([rank * module.inputs, module.outputs * rank]);
    }
    const merged = referenceLogits(model.config, mergedWeights(model, forms), ids);
    expect(worstRow(await logitsOf(adapted), merged)).toBeLessThan(1e-4);
    expect(worstRow(await logitsOf(undefined), merged)).toBeGreaterThan(1e-2);
  });

  it('may sit on some modules alone', async () => {
    const targets = ['layers.1.*v_proj', 'down_proj'];
    const adapted = tinyAdapters(model, method, settings, targets);
    expect([...adapted.adapters.keys()]).toEqual([
      'model.layers.0.mlp.down_proj',
      'model.layers.1.self_attn.v_proj',
      'model.layers.1.mlp.down_proj',
    ]);
    nudgeAll(adapted);
    const merged = referenceLogits(model.config, mergedWeights(model, loraFormsOf(adapted)), ids);
    expect(worstRow(await logitsOf(adapted), merged)).toBeLessThan(1e-4);
  });
});

describe('lora', () => {
  it('starts with A uniform within 1/sqrt(inputs) and B zero', () => {
    const module = { ...target().module, inputs: 400, outputs: 10 };
    const { lora_A: a, lora_B: b } = initialFactors(model, module, 'lora', { ...plainSettings, rank: 8 });
    const bound = 1 / 20;
    const [values, count] = [[...(a ?? [])], 3200];
    expect(values).toHaveLength(count);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
    expect(Math.max(...values)).toBeGreaterThan(0.99 * bound);
    expect(Math.min(...values)).toBeLessThan(-0.99 * bound);
    const square = values.reduce((sum, value) => sum + value * value, 0) / count;
    expect(Math.sqrt(square) / (bound / Math.sqrt(3))).toBeCloseTo(1, 1);
    expect(b?.every((value) => value === 0)).toBe(true);
  });
});

/** The best rank-3 part of W, by another decomposition. */
function topPart(weight: Float32Array, rows: number, columns: number): Float32Array {
  const svd = new SingularValueDecomposition(Matrix.from1DArray(rows, columns, Array.from(weight)), {
    autoTranspose: true,
  });
  const kept = svd.diagonal.map((value, i) => (i < 3 ? value : 0));
  return Float32Array.from(
    svd.leftSingularVectors.mmul(Matrix.diag(kept)).mmul(svd.rightSingularVectors.transpose()).to1DArray(),
  );
}

const factor = (factors: Factors, name: string): Float32Array => factors[name] ?? new Float32Array();

describe('the spectral methods', () => {
  it('start from the top singular part of the weight: pissa', () => {
    const { module, weight } = target();
    const factors = initialFactors(model, module, 'pissa', plainSettings);
    const product = multiply(
      factor(factors, 'lora_B'),
      factor(factors, 'lora_A'),
      module.outputs,
      3,
      module.inputs,
    );
    expect(worstDifference(product, topPart(weight, module.outputs, module.inputs))).toBeLessThan(1e-5);
    expect(factors['initial_A']).toEqual(factors['lora_A']);
    expect(factors['initial_B']).toEqual(factors['lora_B']);
    // Training writes into neither's memory.
    expect(factors['initial_A']?.buffer).not.toBe(factors['lora_A']?.buffer);
  });

  it('share sqrt(sigma) between both factors: pissa', () => {
    const { module } = target();
    const factors = initialFactors(model, module, 'pissa', plainSettings);
    const a = Matrix.from1DArray(3, module.inputs, Array.from(factor(factors, 'lora_A')));
    const b = Matrix.from1DArray(module.outputs, 3, Array.from(factor(factors, 'lora_B')));
    expect(
      worstDifference(a.mmul(a.transpose()).to1DArray(), b.transpose().mmul(b).to1DArray()),
    ).toBeLessThan(1e-5);
  });

  it.each([true, false])('start from the top singular part of the weight: lamda, balance %s', (balance) => {
    const { module, weight } = target();
    const factors = initialFactors(model, module, 'lamda', { ...plainSettings, balance });
    const { outputs, inputs } = module;
    const m = multiply(factor(factors, 'pmb'), factor(factors, 'lda'), outputs, 3, 3);
    const product = multiply(m, factor(factors, 'pma'), outputs, 3, inputs);
    expect(worstDifference(product, topPart(weight, outputs, inputs))).toBeLessThan(1e-5);
    // Nothing is left at the start, to the last bit.
    expect(
      worstDifference(
        m,
        factor(factors, 'origin').map((value) => -value),
      ),
    ).toBe(0);
  });

  it('keep the function and the subspaces when lamda is balanced, and level the scales', () => {
    const { module } = target();
    const [even, plain] = [true, false].map((balance) =>
      initialFactors(model, module, 'lamda', { ...plainSettings, balance }),
    );
    if (even === undefined || plain === undefined) throw new Error('no factors');
    expect(even['pma']).toEqual(plain['pma']);
    expect(worstDifference(factor(even, 'origin'), factor(plain, 'origin'))).toBeLessThan(1e-6);
    const diagonal = (factors: Factors): number[] => [0, 4, 8].map((i) => factors['lda']?.[i] ?? NaN);
    const sigma = diagonal(plain);
    const c = Math.sqrt(sigma.reduce((sum, value) => sum + value * value, 0) / 3);
    expect(
      worstDifference(
        diagonal(even),
        sigma.map((value) => value / c),
      ),
    ).toBeLessThan(1e-6);
    expect(
      worstDifference(
        factor(even, 'pmb'),
        factor(plain, 'pmb').map((value) => value * c),
      ),
    ).toBeLessThan(1e-5);
    const off = [1, 2, 3, 5, 6, 7].map((i) => even['lda']?.[i]);
    expect(off).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('survive a weight of zeros', () => {
    const { module } = target();
    const empty = { ...model, weight: () => new Float32Array(module.inputs * module.outputs) };
    for (const method of ['pissa', 'lamda'] as const) {
      const factors = initialFactors(empty, module, method, plainSettings);
      expect(Object.values(factors).every((values) => values.every(Number.isFinite))).toBe(true);
    }
  });
});

describe('the kinds of factors', () => {
  const kinds = (method: AdapterMethodId, settings: Partial<AdapterSettings> = {}): Record<string, string> =>
    Object.fromEntries(
      adapterMethods[method]
        .factors(target().module, { ...plainSettings, ...settings })
        .map(({ name, kind }) => [name, kind]),
    );

  it('say what is trained', () => {
    expect(kinds('lora')).toEqual({ lora_A: 'trained', lora_B: 'trained' });
    expect(kinds('pissa')).toEqual({
      lora_A: 'trained',
      lora_B: 'trained',
      initial_A: 'frozen',
      initial_B: 'frozen',
    });
    expect(kinds('lamda')).toEqual({ pma: 'frozen', lda: 'trained', pmb: 'thawed', origin: 'frozen' });
    expect(kinds('lamda', { coreOnly: true })).toEqual({
      pma: 'frozen',
      lda: 'trained',
      pmb: 'frozen',
      origin: 'frozen',
    });
    expect(kinds('lamda', { basis: 'gradient' })).toEqual({ pma: 'frozen', lda: 'trained', pmb: 'thawed' });
  });
});
