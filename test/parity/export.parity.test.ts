import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cases } from './cases';
import type { ParityCase } from './cases';
import { isRecord, numberAt } from './decode';
import { reference } from './reference';
import { readTensors, relativeDistance } from './tensors';
import { exportRun, ourRun, prepare, workspace } from './workspace';

interface Loaded {
  readonly loss: number;
  readonly logits: Float32Array;
}

/** Loads what we wrote with PEFT or Transformers. */
async function load(test: ParityCase, what: { adapter: string } | { merged: string }): Promise<Loaded> {
  const config = await prepare(test);
  const out = join(await workspace(), 'loaded', `${test.name}-${Object.keys(what).join()}`);
  const reply = await reference.request('export', { config, ...what, out });
  if (!isRecord(reply)) throw new Error('the reference sent no reply');
  const tensors = await readTensors(join(out, 'export-logits.safetensors'));
  return { loss: numberAt(reply, 'loss'), logits: tensors.get('logits')?.data ?? new Float32Array() };
}

/** Our own evaluation after the last step. */
async function finalLoss(test: ParityCase): Promise<number> {
  const { evaluations, losses } = (await ourRun(test)).history;
  return evaluations.get(losses.length) ?? NaN;
}

const exported = cases.filter((test) => test.exported === true);

describe.each(exported)('$name, merged', (test) => {
  it('is a model that Transformers loads and finds as good', async () => {
    const merged = await load(test, { merged: await exportRun(test, 'merged') });
    expect(merged.loss / (await finalLoss(test))).toBeCloseTo(1, 4);
  });
});

describe.each(exported.filter((test) => test.adapter['method'] !== 'full'))(
  '$name, as an adapter',
  (test) => {
    it('is loaded by PEFT, and means the same as the merged model', async () => {
      const adapter = await load(test, { adapter: join((await ourRun(test)).folder, 'adapter') });
      expect(adapter.loss / (await finalLoss(test))).toBeCloseTo(1, 4);
      const again = await load(test, { adapter: await exportRun(test, 'peft') });
      expect(again.logits).toEqual(adapter.logits);
      const merged = await load(test, { merged: await exportRun(test, 'merged') });
      expect(relativeDistance(adapter.logits, merged.logits)).toBeLessThan(1e-4);
    });
  },
);
