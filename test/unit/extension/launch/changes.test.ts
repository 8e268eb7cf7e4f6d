import { describe, expect, it } from 'vitest';
import {
  applied,
  collectKeys,
  decodeChanges,
  overridesOf,
  problemOf,
  valueOf,
} from '../../../../src/extension/features/launch/changes';
import { errorOf, judge } from '../../../../src/extension/features/launch/judge';

const FILE = '/work/a.tune.yaml';
const TEXT = ['model: m', 'data: { train: t.jsonl, text: "{text}" }', 'training: { epochs: 2 }'].join('\n');

describe('the keys that can be changed', () => {
  const keys = collectKeys();
  const find = (name: string) => keys.find(({ key }) => key === name);

  it('are those that have values, each with its meaning', () => {
    expect(find('training.max_steps')?.allowed).toContain('integer');
    expect(find('training')).toBeUndefined();
    expect(find('adapter.freeze.fraction')).toBeDefined();
    expect(keys.filter(({ description }) => description === '' || description.includes('`'))).toEqual([]);
  });

  it('offer their words where there are but a few', () => {
    expect(find('adapter.method')?.words).toContain('pissa');
    expect(find('data.packing')?.words).toEqual(['true', 'false']);
    expect(find('adapter.target_modules')?.words).toEqual([]);
    expect(find('training.seed')?.words).toEqual([]);
  });
});

describe('a change', () => {
  it('shows the value in effect: of the file, a default, or another change', () => {
    const { values } = applied(TEXT, FILE, new Map([['adapter.rank', '4']]));
    expect(valueOf(values, 'training.epochs')).toBe('2');
    expect(valueOf(values, 'training.batch_size')).toBe('8');
    expect(valueOf(values, 'adapter.rank')).toBe('4');
    expect(valueOf(values, 'training.max_steps')).toBe('');
    expect(valueOf(values, 'adam.beta1.deeper')).toBe('');
  });

  it.each([
    ['training.max_steps', '10', undefined],
    ['training.max_steps', '0', 'expected an integer at least 1'],
    ['training.max_steps', '', 'A value is needed.'],
    ['adapter.method', 'loraa', 'Did you mean lora?'],
    ['adapter.target_modules', '[q_proj, v_proj]', undefined],
    ['data.text', 'Say {text}', undefined],
  ])('of %s to %j is judged', (key, value, expected) => {
    const problem = problemOf(TEXT, FILE, new Map([[key, value]]), key);
    if (expected === undefined) expect(problem).toBeUndefined();
    else expect(problem).toContain(expected);
  });

  it('is remembered as it is given to a run', () => {
    const changes = new Map([
      ['training.max_steps', '10'],
      ['data.text', 'a=b'],
    ]);
    expect(decodeChanges(overridesOf(changes))).toEqual(changes);
    expect(decodeChanges(['nonsense', 'no.such=1', 3])).toEqual(new Map());
    expect(decodeChanges('x')).toEqual(new Map());
  });
});

describe('what a check finds', () => {
  const memory = { severity: 'warning', message: 'It takes 7.1 GB, and 6.8 GB are free.' } as const;
  const unused = { severity: 'warning', message: 'no effect', file: FILE, line: 3 } as const;
  const error = { severity: 'error', message: 'no such file', file: FILE, line: 2, column: 4 } as const;

  it('keeps a run from starting, is asked about, or is only noted', () => {
    const { errors, doubts, notes } = judge([memory, unused, error, error], new Set());
    expect(errors).toHaveLength(2);
    expect(doubts.map(({ message }) => message)).toEqual([memory.message]);
    expect(notes).toHaveLength(2);
    expect(errorOf(error, 1, 'x')).toEqual({
      what: 'no such file (and 1 more problem)',
      file: FILE,
      line: 2,
      column: 4,
    });
  });

  it('is asked about once, in whatever figures', () => {
    const [doubt] = judge([memory], new Set()).doubts;
    const again = { ...memory, message: 'It takes 7.3 GB, and 6.5 GB are free.' };
    expect(judge([again], new Set([doubt?.key ?? ''])).doubts).toEqual([]);
  });
});
