import { describe, expect, it } from 'vitest';
import { type KeyChange, setKeys } from '../../../../src/extension/features/language/setKeys';

function changed(text: string, ...changes: readonly KeyChange[]): string {
  const edit = setKeys(text, '/work/a.tune.yaml', changes);
  return edit === undefined ? text : text.slice(0, edit.start) + edit.text + text.slice(edit.end);
}

const rank = (value: string | undefined): KeyChange => ({ path: ['adapter', 'rank'], value });

describe('setting keys of an experiment', () => {
  it('changes a value, and nothing beside it', () => {
    const text =
      'model: m # the base\nadapter:\n  method: lora\n  rank: 16   # r\ntraining: { max_steps: 3 }\n';
    expect(changed(text, rank('32'))).toBe(text.replace('16', '32'));
    expect(setKeys(text, 'a', [rank('32')])).toEqual({
      start: text.indexOf('16'),
      end: text.indexOf('16') + 2,
      text: '32',
    });
  });

  it('says nothing where all of it is said already', () => {
    expect(setKeys('adapter:\n  rank: 16\n', 'a', [rank('16')])).toBeUndefined();
    expect(setKeys('adapter:\n  method: lora\n', 'a', [rank(undefined)])).toBeUndefined();
  });

  it('puts a key in where there is none, in braces too, and makes its section', () => {
    expect(changed('adapter:\n  method: lora\n', rank('8'))).toBe('adapter:\n  method: lora\n  rank: 8\n');
    expect(changed('adapter: { method: lora }\n', rank('8'))).toBe('adapter: { method: lora, rank: 8 }\n');
    expect(changed('model: m\n', rank('8'))).toBe('model: m\nadapter:\n  rank: 8\n');
    expect(changed('adapter:\n  rank:\n', rank('8'))).toBe('adapter:\n  rank: 8\n');
  });

  it('writes a list in the place of one that stands below its key', () => {
    const text = 'adapter:\n  ranks:\n    candidates:\n      - 4\n      - 8\n    allocation: uniform\n';
    const list: KeyChange = { path: ['adapter', 'ranks', 'candidates'], value: '[8, 16]' };
    expect(changed(text, list)).toBe(
      'adapter:\n  ranks:\n    candidates: [8, 16]\n    allocation: uniform\n',
    );
  });

  it('makes one edit of many changes', () => {
    const text = 'adapter:\n  method: lamda++\n  rank: 16\n  ranks: { candidates: [4, 8] }\n';
    const changes: KeyChange[] = [
      rank('24'),
      { path: ['adapter', 'ranks', 'candidates'], value: '[8, 16, 32]' },
      { path: ['adapter', 'ranks', 'allocation'], value: 'energy-bins' },
    ];
    expect(changed(text, ...changes)).toBe(
      'adapter:\n  method: lamda++\n  rank: 24\n  ranks: { candidates: [8, 16, 32], allocation: energy-bins }\n',
    );
    expect(changed(text, rank(undefined))).toBe(
      'adapter:\n  method: lamda++\n  ranks: { candidates: [4, 8] }\n',
    );
  });
});
