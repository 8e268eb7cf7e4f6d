import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDataset, splitEvaluation, type Dataset } from '../../../src/data/dataset';
import { rowEncoder, type RowForm } from '../../../src/data/text/encode';
import type { ByteCache, TokeniseOptions } from '../../../src/data/tokenise';
import { decodeTokenTable, encodeTokenTable } from '../../../src/data/tokenTableBytes';
import { damagedInputs } from '../../support/damage';
import { fixtureTokenizer } from '../../support/tokenizers';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-set-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const jsonl = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const tokenizer = fixtureTokenizer('bytes');
const pairs: RowForm = { kind: 'prompt-completion', prompt: 'Question: {q}\nAnswer: ', completion: '{a}' };
const options = (changes: Partial<TokeniseOptions> = {}): TokeniseOptions => ({
  form: pairs,
  tokenizer,
  maxLength: 64,
  ...changes,
});

class MemoryCache implements ByteCache {
  readonly entries = new Map<string, Uint8Array>();
  hits = 0;
  get(key: string): Promise<Uint8Array | undefined> {
    const found = this.entries.get(key);
    if (found !== undefined) this.hits++;
    return Promise.resolve(found);
  }
  put(key: string, bytes: Uint8Array): Promise<void> {
    this.entries.set(key, bytes);
    return Promise.resolve();
  }
}

function contents(dataset: Dataset): unknown[] {
  return Array.from({ length: dataset.size }, (_, i) => {
    const { ids, supervised, index } = dataset.row(i);
    return [[...ids], [...supervised], index];
  });
}

describe('rowEncoder', () => {
  const row = { values: { q: 'Why?', a: 'So.' }, file: 'f', line: 1 };

  it('makes text of special tokens, text and end, all supervised', () => {
    const metaspace = fixtureTokenizer('metaspace');
    const encoded = rowEncoder({ kind: 'text', text: '{q}' }, metaspace)(row);
    expect([...encoded.ids]).toEqual([1, ...metaspace.encode('Why?', { special: false }), 2]);
    expect(encoded.supervised.every((flag) => flag === 1)).toBe(true);
  });

  it('tokenises the completion on its own, and supervises it and the end alone', () => {
    const metaspace = fixtureTokenizer('metaspace');
    const { ids, supervised } = rowEncoder(
      { kind: 'prompt-completion', prompt: '{q}', completion: '{a}' },
      metaspace,
    )(row);
    const prompt = metaspace.encode('Why?', { special: true });
    const completion = metaspace.encode('So.', { special: false });
    expect(prompt[0]).toBe(1);
    expect([...ids]).toEqual([...prompt, ...completion, 2]);
    expect([...supervised]).toEqual([...prompt.map(() => 0), ...completion.map(() => 1), 1]);
  });

  it('refuses a template that makes every row the same', () => {
    expect(() => rowEncoder({ kind: 'text', text: 'text' }, tokenizer)).toThrow(/names no column.*\{text\}/);
    expect(() => rowEncoder({ kind: 'prompt-completion', prompt: 'x', completion: 'y' }, tokenizer)).toThrow(
      "key 'data.completion'",
    );
  });
});

describe('loadDataset', () => {
  const good = { q: 'What?', a: 'That.' };

  it('joins files, drops rows with nothing to learn, counts them, and knows where each row stands', async () => {
    const a = write(
      'a.jsonl',
      jsonl([good, { q: 'long '.repeat(40), a: 'cut off' }, { q: 'x', a: 'why '.repeat(60) }]),
    );
    const b = write('b.jsonl', jsonl([good]));
    const dataset = await loadDataset([a, b], options());
    expect(dataset.size).toBe(3);
    expect(dataset.stats).toMatchObject({ rows: 4, cut: 2, droppedByCut: 1, droppedEmpty: 0 });
    expect([0, 1, 2].map((i) => dataset.describe(dataset.row(i).index))).toEqual([
      `${a}:1`,
      `${a}:3`,
      `${b}:1`,
    ]);
    expect(dataset.lengths[1]).toBe(64);
    expect(dataset.row(0).ids).toEqual(dataset.row(2).ids);
    const tokens = dataset.countTokens();
    expect(tokens.input).toBe(dataset.lengths.reduce((x, y) => x + y, 0));
    expect(tokens.supervised).toBeLessThan(tokens.input);
  });

  it('takes the first rows over all files', async () => {
    const a = write('m1.jsonl', jsonl([good, good]));
    const b = write('m2.jsonl', jsonl([good, good]));
    const dataset = await loadDataset([a, b], options({ maxRows: 3 }));
    expect(dataset.stats.rows).toBe(3);
    expect((await loadDataset([a, b], options({ maxRows: 2 }))).files).toHaveLength(1);
  });

  it('gives the same from the cache, and asks it under another key when anything differs', async () => {
    const cache = new MemoryCache();
    const file = write('c.jsonl', jsonl([good, { q: 'é', a: '漢' }]));
    const first = await loadDataset([file], options(), { cache });
    const second = await loadDataset([file], options(), { cache });
    expect(cache.hits).toBe(1);
    expect(contents(second)).toEqual(contents(first));
    expect(second.stats).toEqual(first.stats);
    for (const changes of [
      { maxLength: 63 },
      { maxRows: 1 },
      { tokenizer: fixtureTokenizer('metaspace') },
      { form: { kind: 'text', text: '{q}' } as const },
    ]) {
      await loadDataset([file], options(changes), { cache });
    }
    write('c.jsonl', jsonl([good]));
    expect((await loadDataset([file], options(), { cache })).size).toBe(1);
    expect(cache.hits).toBe(1);
    expect(cache.entries.size).toBe(6);
  });

  it('makes a damaged cache entry again', async () => {
    const cache = new MemoryCache();
    const file = write('d.jsonl', jsonl([good]));
    const first = await loadDataset([file], options(), { cache });
    const [key = ''] = cache.entries.keys();
    const bytes = cache.entries.get(key) ?? new Uint8Array();
    cache.entries.set(key, bytes.subarray(0, bytes.length - 1));
    expect(contents(await loadDataset([file], options(), { cache }))).toEqual(contents(first));
    expect(cache.entries.get(key)).toEqual(bytes);
  });

  it('reports progress and stops when told to', async () => {
    const file = write('p.jsonl', jsonl(Array.from({ length: 600 }, () => good)));
    const seen: number[] = [];
    await loadDataset([file], options(), { onProgress: (_, rows) => seen.push(rows) });
    expect(seen).toEqual([0, 256, 512]);
    await expect(loadDataset([file], options(), { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  it.each([
    [
      'every completion is cut',
      pairs,
      { q: 'long '.repeat(40), a: 'x' },
      /max_length 64 cuts every completion: the shortest prompt has (\d+) tokens.*Raise data.max_length above \1/,
    ],
    [
      'every text is empty',
      { kind: 'text', text: '{q}' },
      { q: '' },
      /key 'data.text': none of the 1 rows has a token to learn/,
    ],
    [
      'nobody assists',
      { kind: 'chat', column: 'q' },
      { q: [{ role: 'user', content: 'x' }] },
      /key 'data.chat'.*assistant/,
    ],
  ] as const)('says why nothing is left where %s', async (name, form, row, expected) => {
    const file = write(`${name.replaceAll(' ', '-')}.jsonl`, jsonl([row]));
    await expect(loadDataset([file], options({ form }))).rejects.toThrow(expected);
  });

  it('names line and nearest column where one is missing', async () => {
    const file = write('w.jsonl', jsonl([good, { question: 'x', a: 'y' }]));
    await expect(loadDataset([file], options())).rejects.toThrow(
      /w\.jsonl:2, key 'data\.prompt': .*no column 'q'/,
    );
  });
});

describe('splitEvaluation', () => {
  const rows = Array.from({ length: 200 }, (_, i) => ({ q: `question ${i}`, a: `${i}` }));
  const load = (name: string, some: readonly unknown[]): Promise<Dataset> =>
    loadDataset([write(name, jsonl(some))], options());
  const indices = (part: Dataset): number[] => Array.from({ length: part.size }, (_, i) => part.row(i).index);

  it('parts the rows by the seed, about as asked', async () => {
    const dataset = await load('s.jsonl', rows);
    const { train, evaluation } = splitEvaluation(dataset, 0.2, 42);
    expect([...indices(train), ...indices(evaluation)].sort((a, b) => a - b)).toEqual(rows.map((_, i) => i));
    expect(evaluation.size).toBeGreaterThan(20);
    expect(evaluation.size).toBeLessThan(60);
    expect(indices(splitEvaluation(dataset, 0.2, 43).evaluation)).not.toEqual(indices(evaluation));
    expect(evaluation.lengths[0]).toBe(evaluation.row(0).ids.length);
  });

  it('moves no row when others are added, and keeps equal rows together', async () => {
    const before = splitEvaluation(await load('t1.jsonl', rows.slice(0, 150)), 0.3, 1).evaluation;
    const after = splitEvaluation(await load('t2.jsonl', [...rows, ...rows]), 0.3, 1).evaluation;
    expect(indices(after).filter((i) => i < 150)).toEqual(indices(before));
    expect(indices(after).filter((i) => i >= 200)).toEqual(
      indices(after)
        .filter((i) => i < 200)
        .map((i) => i + 200),
    );
  });

  it('says so where a side is left empty', async () => {
    const dataset = await load('u.jsonl', rows.slice(0, 1));
    expect(() => splitEvaluation(dataset, 0.5, 42)).toThrow(/eval_fraction 0.5 of 1 rows leaves none/);
  });
});

describe('stored token tables', () => {
  it('are refused, not misread, when they are damaged', async () => {
    const dataset = await loadDataset([write('v.jsonl', jsonl([{ q: 'What?', a: 'That.' }]))], options());
    const table = dataset.files[0]?.table;
    if (table === undefined) throw new Error('no table');
    const bytes = encodeTokenTable(table);
    expect(decodeTokenTable(bytes)).toEqual(table);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(decodeTokenTable(shifted.subarray(1))).toEqual(table);
    fc.assert(
      fc.property(
        fc.nat(bytes.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (at, flip, cut) => {
          const damaged = cut ? bytes.slice(0, at) : bytes.map((byte, i) => (i === at ? byte ^ flip : byte));
          const read = decodeTokenTable(damaged);
          if (cut) expect(read).toBeUndefined();
          else if (read !== undefined) expect(read.offsets.at(-1)).toBe(read.ids.length);
        },
      ),
      { numRuns: damagedInputs('tokenTable') },
    );
  });
});
