import { describe, expect, it } from 'vitest';
import { lensesOf } from '../../../../src/extension/features/lens/lens';
import type { RunSummary } from '../../../../src/extension/features/runs/summary';
import { summaryOf } from '../../../support/runFolders';

function run(parts: Partial<RunSummary>): RunSummary {
  return summaryOf({ folder: '/runs/a', label: 'first', totalSteps: 300, ...parts });
}

const titles = (runs: readonly RunSummary[]): string[] => lensesOf(runs).map(({ title }) => title);

describe('the line above an experiment', () => {
  it('offers a run', () => {
    expect(titles([])).toEqual(['$(play) Run', '$(run-all) Run with changes…']);
  });

  it('offers to resume the newest run, where it can go on', () => {
    const stopped = run({ status: 'stopped', step: 20 });
    expect(lensesOf([stopped])[2]).toMatchObject({
      title: '$(debug-continue) Resume last',
      tooltip: 'Go on with first from step 20 of 300',
      action: { kind: 'resumeLast' },
    });
    expect(titles([run({}), stopped])).not.toContain('$(debug-continue) Resume last');
  });

  it('shows how a run gets on, and stops it', () => {
    const lenses = lensesOf([run({ status: 'running', step: 12, loss: 1.2345 })]);
    expect(lenses.map(({ title }) => title)).toEqual([
      '$(loading~spin) step 12/300 · loss 1.23',
      '$(debug-stop) Stop',
      '$(graph-line) Curves',
    ]);
    expect(lenses[1]?.action).toEqual({ kind: 'stop', folder: '/runs/a' });
    expect(titles([run({ status: 'queued' })])[0]).toBe('$(loading~spin) starting');
    expect(
      titles([run({ status: 'running', totalSteps: undefined, activity: 'converting weights' })])[0],
    ).toBe('$(loading~spin) converting weights');
  });

  it('names the best result of all runs', () => {
    const lens = lensesOf([
      run({ bestEval: { step: 10, loss: 2.5 } }),
      run({ folder: '/runs/b', label: 'second', bestEval: { step: 50, loss: 2.3456 } }),
      run({ bestEval: undefined }),
    ]).at(-1);
    expect(lens).toEqual({
      title: 'best eval 2.35',
      tooltip: 'second, at step 50: show its curves',
      action: { kind: 'curvesOf', folder: '/runs/b' },
    });
  });
});
