import { describe, expect, it } from 'vitest';
import { parseTemplate, renderTemplate, templateColumns } from '../../../src/data/text/template';

const row = { values: { question: 'Why?', n: 3, ok: true, none: null, list: [1] }, file: 'd.jsonl', line: 7 };
const render = (source: string): string => renderTemplate(parseTemplate('data.prompt', source), row);

describe('templates', () => {
  it.each([
    ['Question: {question}\nAnswer: ', 'Question: Why?\nAnswer: '],
    ['{n}{ok}', '3true'],
    ['{{{question}}}', '{Why?}'],
    ['{{question}}', '{question}'],
    ['', ''],
  ])('%j renders to %j', (source, expected) => {
    expect(render(source)).toBe(expected);
  });

  it('lists its columns', () => {
    expect(templateColumns(parseTemplate('k', '{a} {{b}} {c d}'))).toEqual(['a', 'c d']);
  });

  it.each(['{question', 'a } b', '{}', '{a{b}}', 'x {'])(
    'refuses %j and says how to write a brace',
    (source) => {
      expect(() => parseTemplate('data.prompt', source)).toThrow(
        /key 'data.prompt'.*Write a brace that is text twice/s,
      );
    },
  );

  it('names file, line, key and the nearest column of one that is missing', () => {
    expect(() => render('{qestion}')).toThrow(
      "d.jsonl:7, key 'data.prompt': the row has no column 'qestion'; got columns question, n, ok, none, list. Did you mean 'question'?",
    );
    expect(() => render('{constructor}')).toThrow("no column 'constructor'");
  });

  it.each([
    ['{none}', 'null'],
    ['{list}', 'an array'],
  ])('refuses a value that is no text: %s', (source, got) => {
    expect(() => render(source)).toThrow(`holds no text; got ${got}`);
  });
});
