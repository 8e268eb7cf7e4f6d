import { describe, expect, it } from 'vitest';
import { statusWords, tooltipLines } from '../../../../src/extension/features/status/words';
import { summaryOf } from '../../../support/runFolders';

const NOW = 1_000_000;
const RUNNING = summaryOf({
  label: 'x',
  folder: '/a',
  status: 'running',
  step: 12,
  totalSteps: 300,
  loss: 1.234,
  secondsLeft: 123,
  device: 'cpu',
  started: NOW - 60_000,
});

describe('the status bar', () => {
  it('tells how far the only run is', () => {
    expect(statusWords([RUNNING], undefined, NOW)).toMatchObject({
      text: '$(loading~spin) step 12/300 · loss 1.234 · 2:03 left · cpu',
      spoken: 'x, step 12 of 300, loss 1.234, 2 minutes 3 seconds left',
      folder: '/a',
    });
  });

  it('tells how many there are, and of the newest', () => {
    const second = { ...RUNNING, folder: '/b', step: 1 };
    const words = statusWords([second, summaryOf(), RUNNING], undefined, NOW);
    expect(words?.text).toContain('2 runs: step 1/300');
    expect(words?.folder).toBe('/b');
    expect(tooltipLines(words?.active ?? [], NOW)).toHaveLength(2);
    expect(tooltipLines([RUNNING], NOW)[0]).toMatch(/^x: .* for 1:00$/u);
  });

  it('tells of slow work in place of steps', () => {
    const words = statusWords([{ ...RUNNING, activity: 'converting weights, 40 %' }], undefined, NOW);
    expect(words?.text).toBe('$(loading~spin) converting weights, 40 % · 2:03 left · cpu');
  });

  it('shows the end for a while, and then nothing', () => {
    const done = summaryOf({ label: 'x', status: 'done', bestEval: { step: 1, loss: 2 } });
    const failed = summaryOf({ label: 'x', status: 'failed' });
    expect(statusWords([done], { run: done, at: NOW }, NOW)).toMatchObject({
      text: '$(check) x · best loss 2',
      failed: false,
    });
    expect(statusWords([failed], { run: failed, at: NOW }, NOW)).toMatchObject({
      text: '$(error) x · failed',
      failed: true,
    });
    expect(statusWords([done], { run: done, at: NOW }, NOW + 200_000)).toBeUndefined();
    expect(statusWords([done], undefined, NOW)).toBeUndefined();
    expect(statusWords([], { run: done, at: NOW }, NOW)).toBeUndefined();
  });
});
