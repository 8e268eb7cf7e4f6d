import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isRecord } from '../../../src/base/guards';
import { readExperiment } from '../../../src/protocol/experiment/read';
import { loadModel } from '../../../src/trainer/training/model';

const SAMPLE = resolve(import.meta.dirname, '..', '..', '..', 'media', 'sample');

function rows(name: string): unknown[] {
  const text = readFileSync(join(SAMPLE, 'data', name), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

function texts(name: string): string[] {
  return rows(name).map((row) => {
    if (!isRecord(row) || typeof row.text !== 'string') throw new TypeError(`a row of ${name} has no text`);
    return row.text;
  });
}

describe('the embedded sample', () => {
  let cache = '';
  beforeAll(() => {
    cache = mkdtempSync(join(tmpdir(), 'sample-'));
    vi.stubEnv('EIGENLOOM_CACHE', cache);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(cache, { recursive: true, force: true });
  });

  it('is small', () => {
    // What making it again leaves there is ignored by git.
    const made = [join('make', 'build'), join('make', 'node_modules'), join('make', 'package-lock.json')];
    const files = readdirSync(SAMPLE, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !made.some((path) => relative(SAMPLE, file).startsWith(path)));
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
    expect(bytes).toBeLessThan(6e6);
    expect(bytes).toBeGreaterThan(2e6);
  });

  it('has a model of a million parameters with numbers that were learned', async () => {
    const model = await loadModel(join(SAMPLE, 'model'));
    const sizes = [...model.source.tensors.values()].map(({ shape }) => shape.reduce((a, b) => a * b, 1));
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(1_185_152);
    const embedding = await model.source.readTensor('model.embed_tokens.weight');
    expect(embedding.every((value) => Number.isFinite(value))).toBe(true);
    const spread = Math.sqrt(embedding.reduce((sum, value) => sum + value * value, 0) / embedding.length);
    // Untrained, it is 0.02.
    expect(spread).toBeGreaterThan(0.03);
    expect(spread).toBeLessThan(1);
  });

  it('has a tokenizer that gives its texts back, and rows that mostly fit', async () => {
    const { tokenizer, config } = await loadModel(join(SAMPLE, 'model'));
    expect([tokenizer.id('bos'), tokenizer.id('eos')]).toEqual([0, 1]);
    const lines = texts('moby-dick.eval.jsonl');
    let long = 0;
    for (const line of lines) {
      const ids = tokenizer.encode(line, { special: true });
      expect(ids[0]).toBe(0);
      expect(Math.max(...ids)).toBeLessThan(config.vocabSize);
      expect(tokenizer.decode(ids)).toBe(line);
      if (ids.length >= 128) long++;
    }
    expect(long / lines.length).toBeLessThan(0.25);
    const strange = 'Ünïcode — “quotes”, 鯨 and 🐋';
    expect(tokenizer.decode(tokenizer.encode(strange, { special: false }))).toBe(strange);
  });

  it('holds out rows that it does not train on', () => {
    const train = new Set(texts('moby-dick.train.jsonl'));
    const held = texts('moby-dick.eval.jsonl');
    expect(train.size).toBeGreaterThan(1000);
    expect(held.length).toBeGreaterThan(50);
    expect(held.filter((text) => train.has(text))).toEqual([]);
  });

  it.each(['lora', 'pissa', 'lamda', 'full'])('has a valid config for %s', (method) => {
    const { experiment, warnings } = readExperiment(join(SAMPLE, `${method}.tune.yaml`));
    expect(warnings).toEqual([]);
    expect(experiment.adapter.method).toBe(method);
    expect(experiment.model).toBe(join(SAMPLE, 'model'));
    expect(experiment.data.eval).toEqual([join(SAMPLE, 'data', 'moby-dick.eval.jsonl')]);
  });
});
