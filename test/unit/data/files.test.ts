import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError, type ErrorFacts } from '../../../src/base/errors';
import { readRows } from '../../../src/data/files/readRows';
import { hashFile } from '../../../src/data/files/utf8';
import { damagedInputs } from '../../support/damage';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-files-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function rows(name: string, content: string | Uint8Array, columns?: string[]) {
  const out: { line: number; values: unknown }[] = [];
  for await (const { line, values } of readRows(write(name, content), { columns }))
    out.push({ line, values });
  return out;
}

async function fault(name: string, content: string | Uint8Array, columns?: string[]): Promise<ErrorFacts> {
  const error: unknown = await rows(name, content, columns).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  if (!(error instanceof InputError)) throw new Error('no error');
  expect(error.facts.file).toBe(join(folder, name));
  return error.facts;
}

describe('readRows', () => {
  it('reads jsonl, passing over blank lines and a byte order mark', async () => {
    expect(await rows('a.jsonl', '\ufeff{"q":"é","n":1}\r\n\n{"q":"x"}')).toEqual([
      { line: 1, values: { q: 'é', n: 1 } },
      { line: 3, values: { q: 'x' } },
    ]);
  });

  it('reads a json array and an object with one array, with each row’s line', async () => {
    const array = '[\n {"a": [1, {"b": "]"}]},\n {"a": "\\u0041\\"" }]\n';
    const expected = [
      { line: 2, values: { a: [1, { b: ']' }] } },
      { line: 3, values: { a: 'A"' } },
    ];
    expect(await rows('a.json', array)).toEqual(expected);
    expect(await rows('b.json', `{"version": 1, "info": {"x": [1]}, "rows": ${array}}`)).toEqual(expected);
  });

  it('reads csv with quotes, commas and line ends in fields', async () => {
    expect(await rows('a.csv', 'id,text\r\n1,"a, ""b""\nc"\r\n2,5" pipe\n')).toEqual([
      { line: 2, values: { id: '1', text: 'a, "b"\nc' } },
      { line: 4, values: { id: '2', text: '5" pipe' } },
    ]);
  });

  it('reads tsv without quoting, with and without a header', async () => {
    expect(await rows('a.tsv', 's\tl\n"a\t1\n')).toEqual([{ line: 2, values: { s: '"a', l: '1' } }]);
    expect(await rows('b.tsv', 'x\t1\tmore\n', ['s', 'l'])).toEqual([
      { line: 1, values: { s: 'x', l: '1' } },
    ]);
  });

  it('reads a .csv file that is tab-separated as what it is', async () => {
    expect(await rows('c.csv', 'a\t5.0\nb, c\t4.0\n', ['s', 'score'])).toEqual([
      { line: 1, values: { s: 'a', score: '5.0' } },
      { line: 2, values: { s: 'b, c', score: '4.0' } },
    ]);
  });

  it('reads a text file as one row a line that is not blank', async () => {
    expect(await rows('a.txt', 'one\n \n\ntwo')).toEqual([
      { line: 1, values: { text: 'one' } },
      { line: 4, values: { text: 'two' } },
    ]);
  });

  it('reads lines that end at the border of a part, and characters cut by it', async () => {
    const line = 'é'.repeat(400_001);
    const read = await rows('long.txt', `${line}\n${line}\n${line}`);
    expect(read.map((row) => row.values)).toEqual([{ text: line }, { text: line }, { text: line }]);
  });

  it('keeps a column called __proto__ a column', async () => {
    const [row] = await rows('p.csv', '__proto__,b\nx,y\n');
    expect(Object.entries(row?.values ?? {})).toEqual([
      ['__proto__', 'x'],
      ['b', 'y'],
    ]);
  });

  it.each([
    ['bad line', 'e1.jsonl', '{"a":1}\n{"a":}\n', { line: 2, column: 6 }],
    ['line that is no object', 'e2.jsonl', '{"a":1}\n[1]\n', { line: 2, got: 'an array' }],
    ['cut json', 'e3.json', '[{"a":1},\n{"a"', { line: 2, column: 5 }],
    ['json with a bad escape', 'e4.json', '[{"a":"\\x"}]', { line: 1, column: 9 }],
    ['json with text after it', 'e5.json', '[{}] x', { line: 1, column: 6, expected: 'the end of the file' }],
    ['json with two arrays', 'e6.json', '{"train":[], "test":[]}', { got: "arrays under 'train', 'test'" }],
    ['json without an array', 'e7.json', '{"a":1}', { got: 'no array' }],
    ['json row that is no object', 'e8.json', '[{"a":1},\n3]', { line: 2, got: 'a number' }],
    [
      'csv row with a missing field',
      'e9.csv',
      'a,b\n1,2\n3\n',
      { line: 3, got: '1 fields', expected: '2 (a, b)' },
    ],
    ['csv quote without end', 'e10.csv', 'a,b\n1,2\n"3,4\n', { line: 3 }],
    ['repeated column', 'e11.csv', 'a,b,a\n1,2,3\n', { line: 1 }],
    ['tsv row with too many fields', 'e12.tsv', 'a\tb\n1\t2\t3\n', { line: 2, got: '3 fields' }],
    ['empty file', 'e13.jsonl', '', { what: 'the data file has no rows' }],
    ['csv with a header alone', 'e14.csv', 'a,b\n', { what: 'the data file has no rows' }],
    ['json with no rows', 'e15.json', '[]', { what: 'the data file has no rows' }],
    [
      'byte that is not UTF-8',
      'e16.txt',
      Buffer.from([0x61, 0x0a, 0x62, 0xff, 0x63, 0x64, 0x65]),
      { line: 2, column: 2, got: 'byte 0xff' },
    ],
    ['Latin-1', 'e17.csv', Buffer.from('a,b\n1,café', 'latin1'), { line: 2, column: 6 }],
    [
      'UTF-16',
      'e18.txt',
      Buffer.from('\ufeffabc', 'utf16le'),
      { line: 1, got: 'the byte order mark of UTF-16' },
    ],
    ['unknown ending', 'e19.jsnl', 'x', { got: "'.jsnl'", remedy: 'Did you mean .jsonl?' }],
    ['parquet', 'e20.parquet', 'PAR1', { what: 'parquet files are not read yet' }],
  ] as const)('names the place of a %s', async (_, name, content, expected) => {
    expect(await fault(name, content)).toMatchObject(expected);
  });

  it('refuses column names for files that have their own', async () => {
    expect(await fault('n.jsonl', '{"a":1}', ['a'])).toMatchObject({ key: 'data.columns' });
    expect(await fault('n.txt', 'x', ['a', 'b'])).toMatchObject({ key: 'data.columns' });
  });

  it('names a file that does not exist', async () => {
    const missing = join(folder, 'none.txt');
    await expect(readRows(missing).next()).rejects.toMatchObject({
      facts: { what: 'the data file does not exist', file: missing },
    });
    await expect(hashFile(missing)).rejects.toBeInstanceOf(InputError);
  });

  it('gives rows or an InputError for damaged files, never anything else', async () => {
    const seeds = {
      'f.jsonl': '{"a": "x\\n", "b": [1, {"c": null}]}\n{"a": "é", "b": -1.5e3}\n',
      'f.json': '{"k": 1, "rows": [{"a": "x"}, {"a": [true, "\\u00e9"]}]}',
      'f.csv': 'a,b\n"x ""y""",2\né,"z\n"\n',
      'f.tsv': 'a\tb\nx\t2\né\t3\n',
    };
    const damage = fc.record({
      name: fc.constantFrom(...(Object.keys(seeds) as (keyof typeof seeds)[])),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(6),
      insert: fc.uint8Array({ maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ name, at, cut, insert }) => {
        const bytes = Buffer.from(seeds[name]);
        const from = Math.floor(at * bytes.length);
        const damaged = Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + cut)]);
        try {
          const read = await rows(name, damaged);
          expect(read.length).toBeGreaterThan(0);
          if (name === 'f.json') {
            const whole: unknown = JSON.parse(damaged.toString('utf8'));
            const expected = Array.isArray(whole)
              ? whole
              : Object.values(Object(whole) as object).find(Array.isArray);
            expect(read.map((row) => row.values)).toEqual(expected);
          }
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: damagedInputs('dataFiles') },
    );
  });
});
