import { describe, expect, it } from 'vitest';
import { EndWatch, noticeOf, noticeOfRemoved } from '../../../../src/extension/features/launch/ends';
import type { RunSummary } from '../../../../src/runs/survey/summary';
import { recordOf, runId, summaryOf } from '../../../support/runFolders';

const statuses = (ended: readonly RunSummary[]): unknown[] => ended.map(({ status }) => status);

describe('the watch for ends', () => {
  it('tells of a run that was at work and is not any more, once', () => {
    const watch = new EndWatch();
    expect(watch.look([summaryOf({ status: 'done' })])).toEqual([]);
    expect(watch.look([summaryOf({ status: 'running' })])).toEqual([]);
    expect(statuses(watch.look([summaryOf({ status: 'failed', ended: 5 })]))).toEqual(['failed']);
    expect(watch.look([summaryOf({ status: 'failed', ended: 5 })])).toEqual([]);
  });

  it('tells of a run that ended before it was seen at work', () => {
    const watch = new EndWatch();
    const { folder } = summaryOf();
    watch.expect(folder, undefined);
    expect(watch.look([summaryOf({ status: 'queued' })])).toEqual([]);
    expect(watch.isUnseen(folder)).toBe(true);
    expect(statuses(watch.look([summaryOf({ status: 'failed', ended: 5 })]))).toEqual(['failed']);
    expect(watch.isUnseen(folder)).toBe(false);
  });

  it('misses a run that was at work and is not listed any more, until it is told to forget it', () => {
    const watch = new EndWatch();
    const run = summaryOf({ status: 'running', step: 7 });
    watch.expect(run.folder, undefined);
    expect(watch.missing([])).toEqual([]);
    watch.look([{ ...run, step: 3 }]);
    watch.look([run]);
    expect(watch.missing([run])).toEqual([]);
    expect(watch.missing([])).toEqual([run]);
    expect(watch.forget(run.folder)).toBe(true);
    expect(watch.forget(run.folder)).toBe(false);
    expect(watch.missing([])).toEqual([]);
  });

  it('does not take the end of before for that of a resumed run', () => {
    const watch = new EndWatch();
    const stopped = summaryOf({ status: 'stopped', ended: 5 });
    watch.expect(stopped.folder, stopped.ended);
    expect(watch.look([stopped])).toEqual([]);
    watch.look([summaryOf({ status: 'running' })]);
    expect(statuses(watch.look([summaryOf({ status: 'done', ended: 9 })]))).toEqual(['done']);
  });
});

describe('a notice', () => {
  const all = { asked: false, setting: 'all' } as const;
  const done = summaryOf({
    label: 'x',
    loss: 2,
    started: 0,
    ended: 31_000,
    lastEval: { step: 9, loss: 4.694 },
  });

  it('tells the evaluation loss before and after', () => {
    const record = recordOf(runId(1), { first_eval: { step: 0, loss: 5.297, perplexity: 1 } });
    expect(noticeOf(done, record, all)).toEqual({
      severity: 'information',
      text: '‘x’ is done: evaluation loss 5.297 → 4.694, in 0:31.',
      actions: ['curves', 'export'],
    });
    expect(noticeOf(done, undefined, all)?.text).toBe('‘x’ is done: loss 2, in 0:31.');
  });

  it('tells why a run has failed, and leads to the place it names', () => {
    const failed = summaryOf({ label: 'x', status: 'failed', error: 'the loss is NaN. Lower it.\nmore' });
    const facts = { what: 'w', file: '/f', line: 3 };
    const record = recordOf(runId(1), { error: { kind: 'run', message: 'm', facts } });
    expect(noticeOf(failed, record, all)).toEqual({
      severity: 'error',
      text: '‘x’ has failed: the loss is NaN. Lower it.',
      actions: ['log', 'place'],
    });
    expect(noticeOf(failed, undefined, all)?.actions).toEqual(['log']);
    const full = { what: 'the disk is full', code: 'unwritable' };
    const unwritten = recordOf(runId(1), { error: { kind: 'run', message: 'm', facts: full } });
    expect(noticeOf(failed, unwritten, all)?.actions).toEqual(['resume', 'log']);
  });

  it('tells what to do about a run whose trainer is gone, and what kept that from saying so itself', () => {
    const run = summaryOf({ label: 'x', status: 'interrupted', step: 9 });
    expect(noticeOf(run, undefined, all)).toEqual({
      severity: 'error',
      text: '‘x’ was interrupted at step 9: its trainer is gone. Resume it to go on from its last checkpoint.',
      actions: ['resume', 'log'],
    });
    const trouble = '/runs/x: the disk is full. Free some space.';
    expect(noticeOf(run, undefined, { ...all, trouble })?.text).toBe(
      '‘x’ was interrupted at step 9: /runs/x: the disk is full. Free some space.',
    );
  });

  it('tells of a folder that was removed', () => {
    const run = summaryOf({ label: 'x', status: 'running', step: 9 });
    expect(noticeOfRemoved(run, 'failures')).toEqual({
      severity: 'warning',
      text: '‘x’ is gone: its folder was removed at step 9. Its trainer ends by itself, and nothing of the run is kept.',
      actions: [],
    });
    expect(noticeOfRemoved(run, 'none')).toBeUndefined();
  });

  it.each([
    ['done', 'failures', false, false],
    ['stopped', 'all', false, true],
    ['stopped', 'all', true, false],
    ['stopped', 'failures', false, false],
    ['interrupted', 'failures', false, true],
    ['interrupted', 'all', true, false],
    ['failed', 'failures', true, true],
    ['failed', 'none', false, false],
    ['running', 'all', false, false],
  ] as const)(
    'of a run that is %s, with the setting %s, asked: %s; is given: %s',
    (status, setting, asked, given) => {
      expect(noticeOf(summaryOf({ status }), undefined, { asked, setting }) !== undefined).toBe(given);
    },
  );
});
