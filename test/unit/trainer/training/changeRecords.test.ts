import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AdapterMethodId, AdapterSettings } from '../../../../src/engine/adapters/method';
import type { Runtime } from '../../../../src/engine/graph/runtime';
import { ChangeRecords } from '../../../../src/trainer/training/changeRecords';
import type { ChangeLine } from '../../../../src/protocol/run/changes';
import { createRuntime } from '../../../../src/runtime/onnxRuntime';
import { nudgeAll, plainSettings, tinyAdapters } from '../../../support/tinyAdapters';
import { tinyModel, type TinyModel } from '../../../support/tinyModel';

/** Three columns are frozen over the first six steps. */
const freezing = { steps: 10, fraction: 0.6 };

describe('the records of changes', () => {
  let model: TinyModel;
  let runtime: Runtime;
  let lines: ChangeLine[];
  let warnings: string[];
  beforeAll(async () => {
    model = await tinyModel();
    runtime = await createRuntime('cpu', { threads: 1 });
  });
  afterAll(() => runtime.dispose());
  beforeEach(() => {
    lines = [];
    warnings = [];
  });

  const begin = (method: AdapterMethodId, settings: Partial<AdapterSettings> = {}) => {
    const adapted = tinyAdapters(model, method, settings);
    const context = {
      emitChange: (line: ChangeLine) => void lines.push(line),
      warn: (text: string) => void warnings.push(text),
    };
    const { adapters, values } = adapted;
    const records = new ChangeRecords(context, { adapters, phases: [], freezing }, runtime);
    const record = (step: number): Promise<void> =>
      records.record(step, (name) => Promise.resolve(values.get(name)));
    return { adapted, values, records, record };
  };
  const first = (line: ChangeLine | undefined) => line?.modules[0];

  it.each(['lora', 'pissa', 'lamda'] as const)('begin with nothing, and grow: %s', async (method) => {
    const { adapted, records, record } = begin(method);
    await record(0);
    nudgeAll(adapted);
    await record(3);
    await records.dispose();
    expect(warnings).toEqual([]);
    expect(lines.map(({ step }) => step)).toEqual([0, 3]);
    const [start, later] = lines.map(({ modules }) => modules);
    expect(start?.map(({ module }) => module)).toEqual([...adapted.adapters.keys()]);
    expect(start?.every(({ values }) => values.every((value) => value === 0))).toBe(true);
    const related = method !== 'lora';
    for (const { values, frobenius, stable_rank: stable, overlap, fresh } of later ?? []) {
      expect(values).toHaveLength(method === 'pissa' ? 2 * plainSettings.rank : plainSettings.rank);
      expect(Math.hypot(...values) / frobenius).toBeCloseTo(1, 6);
      expect(stable).toBeGreaterThanOrEqual(1);
      expect([overlap !== undefined, fresh !== undefined]).toEqual([related, related]);
      if (related) expect(Math.min(overlap ?? 0, fresh ?? 0)).toBeGreaterThan(0);
    }
  });

  it('say how many columns of the second projection are still trained', async () => {
    const { record, records } = begin('lamda');
    for (const step of [0, 2, 4, 6, 10]) await record(step);
    await records.dispose();
    expect(lines.map((line) => first(line)?.live)).toEqual([3, 2, 1, 0, 0]);
    const core = begin('lamda', { coreOnly: true, basis: 'gradient' });
    await core.record(0);
    await core.records.dispose();
    // On the gradient's basis nothing is known of the weight's directions.
    expect(Object.keys(first(lines.at(-1)) ?? {}).sort()).toEqual([
      'frobenius',
      'live',
      'module',
      'stable_rank',
      'values',
    ]);
    expect(first(lines.at(-1))?.live).toBe(0);
    const lora = begin('lora');
    await lora.record(0);
    await lora.records.dispose();
    expect(first(lines.at(-1))?.live).toBeUndefined();
  });

  it('end no run where a change cannot be found, and say so once', async () => {
    const { values, records, record } = begin('lora');
    const [name = ''] = values.keys();
    const before = values.get(name) ?? new Float32Array();
    values.set(
      name,
      before.map(() => NaN),
    );
    await record(1);
    await record(2);
    expect(lines).toEqual([]);
    expect(warnings).toEqual([
      expect.stringMatching(/^what training changes cannot be found: tensor 'model/u),
    ]);
    values.set(name, before);
    await record(3);
    await records.dispose();
    expect(lines.map(({ step }) => step)).toEqual([3]);
  });
});
