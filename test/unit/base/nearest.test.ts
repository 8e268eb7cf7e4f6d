import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/base/nearest';

describe('nearest', () => {
  it.each([
    ['qestion', ['question', 'answer'], 'question'],
    ['Question', ['question', 'answer'], 'question'],
    ['anwser', ['question', 'answer'], 'answer'],
    ['lora', ['pissa', 'lamda'], undefined],
    ['x', ['y'], 'y'],
    ['anything', [], undefined],
  ])('of %s among %j is %s', (word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected);
  });

  it('does not compare endless words', () => {
    expect(nearest('a'.repeat(1e6), ['a'.repeat(1e6)])).toBeUndefined();
  });
});
