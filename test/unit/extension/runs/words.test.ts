import { describe, expect, it } from 'vitest';
import { sparkline } from '../../../../src/extension/features/runs/sparkline';
import { levelsOf, readLevels, SparkSampler } from '../../../../src/runs/survey/spark';
import { escapeMarkdown, tooltipOf } from '../../../../src/extension/features/runs/tooltip';
import { describeRun, formatAge, speakRun, speakSpan } from '../../../../src/extension/features/runs/words';
import { recordOf, runId, summaryOf } from '../../../support/runFolders';

const NOW = 1_800_000_000_000;
const RUN = summaryOf({
  label: 'a*b',
  status: 'running',
  step: 120,
  totalSteps: 300,
  loss: 1.23456,
  spark: levelsOf([5, 4, 3, 2, 1]),
  secondsLeft: 123,
  created: NOW - 200_000,
  started: NOW - 200_000,
  tags: ['paper'],
});

describe('a row', () => {
  it('says how far a run is, its loss and how that went', () => {
    expect(describeRun(RUN, NOW)).toBe('loss 1.235 ▇▆▄▂▁ · step 120/300 · 2:03 left · #paper');
    const done = { ...RUN, status: 'done', tags: [] } as const;
    expect(describeRun(done, NOW)).toBe('3 min · loss 1.235 ▇▆▄▂▁ · 120 steps');
    expect(describeRun({ ...RUN, activity: 'converting weights' }, NOW)).toContain('converting weights');
  });

  it('says the same in words', () => {
    expect(speakRun({ ...RUN, starred: true }, NOW)).toBe(
      'a*b, starred, running, step 120 of 300, loss 1.235, 2 minutes 3 seconds left, tags paper',
    );
  });

  it.each([
    [0, 'now'],
    [-5000, 'now'],
    [61_000, '1 min'],
    [3 * 3_600_000, '3 h'],
    [49 * 3_600_000, '2 d'],
    [15 * 86_400_000, '2 w'],
    [800 * 86_400_000, '2 y'],
  ])('tells an age of %i ms as %s', (age, words) => {
    expect(formatAge(NOW - age, NOW)).toBe(words);
  });

  it.each([
    [0, '0 seconds'],
    [1, '1 second'],
    [3661, '1 hour 1 minute'],
  ])('speaks %i seconds as %s', (seconds, words) => {
    expect(speakSpan(seconds)).toBe(words);
  });
});

describe('the tooltip', () => {
  it('tells all, and takes nothing of a run for Markdown', () => {
    const record = recordOf(runId(1), {
      facts: { device: { provider: 'cpu', reason: 'no [GPU](x)' } },
      source: { file: 'f', overrides: ['adapter.rank=8'] },
    });
    const text = tooltipOf({ ...RUN, error: 'bad\nthing', device: 'cpu' }, record, NOW);
    expect(text).toContain('**a\\*b**');
    expect(text).toContain('no \\[GPU\\]\\(x\\)');
    expect(text).toContain('adapter\\.rank=8');
    expect(text).toContain('/models/SmolLM2\\-135M');
    expect(text).toContain('bad thing');
  });

  it('has what its user says of a run before all else', () => {
    const [title, note, table = ''] = tooltipOf(
      { ...RUN, note: 'the best', tags: ['keep'] },
      undefined,
      NOW,
    ).split('\n\n');
    expect([title, note]).toEqual(['**a\\*b**', 'the best']);
    expect(table).toMatch(/---\|\n\| tags \| keep \|/u);
  });

  it('escapes what ends a cell of its table', () => {
    expect(escapeMarkdown('a|b\n<img>')).toBe('a\\|b \\<img\\>');
  });
});

describe('a sparkline', () => {
  it('spans from the lowest to the highest, first and last as they are', () => {
    expect(sparkline(levelsOf([3, 2, 1]))).toBe('▇▄▁');
    expect(sparkline(levelsOf([1, 1]))).toBe('▄▄');
    expect(sparkline(levelsOf([1]))).toBe('');
    expect(sparkline(levelsOf(Array.from({ length: 100 }, (_, i) => i)))).toBe('▁▂▃▄▄▅▆▇');
  });

  it('is kept as a text, in which a number that is none leaves no trace', () => {
    expect(levelsOf([3, NaN, 1, 2, Infinity])).toBe('~!P');
    expect(levelsOf([])).toBe('');
    expect(readLevels('~!P').map((level) => Math.round(level * 100))).toEqual([100, 0, 51]);
  });

  it('is made of few values, whose mean is that of all', () => {
    const sampler = new SparkSampler();
    for (let i = 0; i < 4096; i++) sampler.add(i);
    const { values } = sampler;
    expect(values.length).toBeGreaterThan(10);
    expect(values.length).toBeLessThanOrEqual(26);
    expect([...values].sort((a, b) => a - b)).toEqual(values);
    expect(values[0]).toBeLessThan(200);
    expect(values.at(-1)).toBeGreaterThan(3900);
  });
});
