import { describe, expect, it } from 'vitest';
import { analyse } from '../../../../src/extension/features/language/analysis';
import { carryOver } from '../../../../src/extension/features/language/carry';
import { hoverAt } from '../../../../src/extension/features/language/hover';
import { foldsOf, outlineOf } from '../../../../src/extension/features/language/outline';
import { relatedTo } from '../../../../src/extension/features/language/related';
import type { Problem } from '../../../../src/extension/features/language/problems';
import { FILE, withCursor, WORLD } from './world';

const TEXT = `# A file
# of two comments
model: models/tiny
data:
  train:
    - data/train.jsonl
  text: "{question}"
adapter: { method: lora, rank: 8 }
`;

describe('problems', () => {
  it('cover the key or the value, not a point', () => {
    const cases = [
      ['model: m\ndata:\n  train: a.txt\n  text: "{t}"\nadaptor: {}\n', 'adaptor', 'unknown-key'],
      [
        'model: m\ndata:\n  train: a.txt\n  text: "{t}"\nadapter:\n  rank: "many"  # x\n',
        '"many"',
        'wrong-value',
      ],
      ['model: m\ndata:\n  text: "{t}"\n  # nothing\n\n', 'data', 'missing-key'],
      ['data: { train: a.txt, text: "{t}" }\n', 'data', 'missing-key'],
      ['model: m\ndata:\n  train: a.txt\n  text: [a,\n    b]\n', '[a,\n    b]', 'wrong-value'],
    ] as const;
    for (const [text, at, code] of cases) {
      const found = analyse(text, FILE).problems.map(({ span, code: of }) => [
        text.slice(span.start, span.end),
        of,
      ]);
      expect(found).toEqual([[at, code]]);
    }
  });

  it('have a width in every text, and lie in it', () => {
    for (const text of [
      '',
      '\n',
      'a',
      'a:\n - b\n c',
      '{',
      '"',
      'model: [',
      'x: &a [*a]',
      '\t- x',
      'a: 1\na: 2\n',
    ]) {
      for (const { span } of analyse(text, FILE).problems) {
        expect(span.start).toBeGreaterThanOrEqual(0);
        expect(span.end).toBeGreaterThan(span.start);
        expect(span.end).toBeLessThanOrEqual(Math.max(1, text.length));
      }
    }
  });

  it('name the other place of a pair', () => {
    const text = `${TEXT}training: { max_steps: 3, epochs: 1 }\n`;
    const analysis = analyse(text, FILE);
    const [problem] = analysis.problems;
    if (problem === undefined) throw new Error('no problem');
    expect(relatedTo(problem, analysis).map(({ span }) => text.slice(span.start, span.end))).toEqual([
      'max_steps',
    ]);
  });
});

describe('problems of an earlier text', () => {
  const problem = (start: number, end: number): Problem => ({
    span: { start, end },
    severity: 'error',
    message: '',
    code: '',
    path: [],
    meant: undefined,
    unnecessary: false,
  });
  const before = 'one two three';

  it('move with what stands before them, and go where they were changed', () => {
    const problems = [problem(0, 3), problem(4, 7), problem(8, 13)];
    const spans = (after: string): number[][] =>
      carryOver(problems, before, after).map(({ span }) => [span.start, span.end]);
    expect(spans(before)).toEqual([
      [0, 3],
      [4, 7],
      [8, 13],
    ]);
    expect(spans('one tXwo three')).toEqual([
      [0, 3],
      [9, 14],
    ]);
    expect(spans('one two')).toEqual([
      [0, 3],
      [4, 7],
    ]);
    expect(spans('')).toEqual([]);
  });
});

describe('the outline', () => {
  it('has sections, keys and their values', () => {
    const outline = outlineOf(analyse(TEXT, FILE));
    expect(outline.map(({ name, detail }) => [name, detail])).toEqual([
      ['model', 'models/tiny'],
      ['data', ''],
      ['adapter', ''],
    ]);
    expect(outline[1]?.children.map(({ name, kind, detail }) => [name, kind, detail])).toEqual([
      ['train', 'list', '- data/train.jsonl'],
      ['text', 'scalar', '"{question}"'],
    ]);
    expect(outline[2]?.children.map(({ name }) => name)).toEqual(['method', 'rank']);
  });

  it('is there for a file with faults', () => {
    expect(
      outlineOf(analyse('model: m\ndata:\n  train: [a\nadapter:\n  rank: 3\n', FILE)).map(({ name }) => name),
    ).toContain('data');
  });

  it('folds sections and blocks of comments', () => {
    expect(foldsOf(analyse(TEXT, FILE))).toEqual([
      { start: 3, end: 6, comment: false },
      { start: 4, end: 5, comment: false },
      { start: 0, end: 1, comment: true },
    ]);
  });
});

describe('a hover', () => {
  const hover = async (marked: string): Promise<string | undefined> => {
    const { text, offset } = withCursor(marked);
    return (await hoverAt(analyse(text, FILE), offset, WORLD))?.parts.join('\n\n');
  };

  it('tells what a key means, its range, unit and default', async () => {
    const text = await hover(TEXT.replace('rank: 8', 'ra|nk: 8'));
    expect(text).toContain('**adapter.rank** — an integer at least 1 and at most 65536');
    expect(text).toContain('Default: `16`');
    expect(await hover(`${TEXT}training:\n  max_st|eps: 3\n`)).toContain('(optimiser steps)');
  });

  it('tells what is in effect although it is not given', async () => {
    const text = await hover(TEXT.replace('adapter:', 'adap|ter:'));
    // alpha is the rank where the file says nothing.
    expect(text).toMatch(/Not given, so in effect: .*`alpha: 8`.*`target_modules: all-linear`/u);
    expect(text).not.toContain('`rank:');
    expect(await hover(`${TEXT}trai|ning:\n  seed: 1\n`)).toContain('`epochs: 3`');
  });

  it('tells what the model and the data are', async () => {
    expect(await hover(TEXT.replace('models/tiny', 'models/ti|ny'))).toContain('135 M parameters');
    const data = await hover(TEXT.replace('data/train', 'data/tr|ain'));
    expect(data).toContain('1,000 rows with the columns `question`, `answer`, `messages`');
    // A fence longer than any in the data.
    expect(data).toContain('````text\nquestion: Why?\nanswer: Because ```.');
    expect(await hover(TEXT.replace('data/train.jsonl', 'data/ro|ws.csv'))).toContain(
      'two columns are called a',
    );
  });

  it('is silent where there is nothing to say', async () => {
    expect(await hover('# com|ment\nmodel: m\n')).toBeUndefined();
    expect(await hover('unkn|own: 1\n')).toBeUndefined();
  });
});
