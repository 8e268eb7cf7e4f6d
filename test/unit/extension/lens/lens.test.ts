import { describe, expect, it } from 'vitest';
import { lensesOf } from '../../../../src/extension/features/lens/lens';
import { type PlanFacts, planLens } from '../../../../src/extension/features/lens/planLens';
import type { RunSummary } from '../../../../src/runs/survey/summary';
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

  it('tells last what a run would come to', () => {
    const plan = planLens({ trainable: 1, bytes: 2, full: false, settled: true, estimate: undefined });
    expect(lensesOf([], plan).map(({ title }) => title)).toEqual([
      '$(play) Run',
      '$(run-all) Run with changes…',
      plan.title,
    ]);
    expect(lensesOf([run({ bestEval: { step: 10, loss: 2.5 } })], plan).at(-1)).toBe(plan);
  });
});

describe('the plan in the line above an experiment', () => {
  const facts: PlanFacts = {
    trainable: 1_180_000,
    bytes: 4_718_592,
    full: false,
    settled: true,
    estimate: undefined,
  };
  const estimate = { device: 'cpu', predicted_mb: 2130, available_mb: 8100, ways: [] };

  it('has parameters and size at once, memory and device as soon as they are known', () => {
    expect(planLens(facts)).toEqual({
      title: '1.2 M trainable · 4.7 MB adapter',
      tooltip: '1,180,000 numbers are trained at first. Show the rank board.',
      action: { kind: 'ranks' },
    });
    expect(planLens({ ...facts, estimate })).toEqual({
      title: '1.2 M trainable · 4.7 MB adapter · ~2.1 GB peak · cpu',
      tooltip:
        '1,180,000 numbers are trained at first. A run on cpu is predicted to take 2.1 GB of memory at its peak; 8.1 GB are free. Show the rank board.',
      action: { kind: 'ranks' },
    });
  });

  it('warns of a run that does not fit', () => {
    expect(planLens({ ...facts, estimate: { ...estimate, available_mb: 2000 } }).title).toBe(
      '1.2 M trainable · 4.7 MB adapter · \u00a0$(warning)\u00a0~2.1 GB peak · cpu',
    );
  });

  it('says what is only about so', () => {
    const { title, tooltip } = planLens({ ...facts, trainable: 99_960, bytes: 812, settled: false });
    expect(title).toBe('~100 k trainable · ~812 B adapter');
    expect(tooltip).toContain('if every module has the mean rank');
  });

  it('leads to the spectra where every weight is trained', () => {
    const lens = planLens({ ...facts, trainable: 7.06e9, bytes: 28.24e9, full: true });
    expect(lens.title).toBe('7.1 B trainable · 28.2 GB of weights');
    expect(lens.action).toEqual({ kind: 'spectra' });
  });
});
