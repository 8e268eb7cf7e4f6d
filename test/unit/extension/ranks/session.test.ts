import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Emitter } from '../../../../src/base/emitter';
import { InputError } from '../../../../src/base/errors';
import { RanksSession } from '../../../../src/extension/features/ranks/session';
import type { RankBoard } from '../../../../src/extension/features/ranks/source';
import type { RankRequest, RanksView } from '../../../../src/protocol/panels/ranks';
import type { PanelProgress } from '../../../../src/protocol/panels/subject';
import { rankPlanner } from '../../../support/rankPlanner';
import { decoderModules } from '../../../support/spectraModel';

const FILE = '/work/a.tune.yaml';
const modules = decoderModules(2, 64);
const request: RankRequest = {
  budget: { unit: 'rank', value: 8 },
  rule: 'equal-energy',
  min: 4,
  max: 16,
  pinned: {},
};

function board(name: string): RankBoard {
  return {
    name,
    modules,
    candidates: [4, 8, 16],
    configured: request,
    readOnly: false,
    others: [],
    plan: rankPlanner(modules, 2, [4, 8, 16]),
    changes: ({ budget }) => [{ path: ['adapter', 'rank'], value: String(budget.value) }],
  };
}

type Opening = (
  text: string,
  progress: (progress: PanelProgress) => void,
  signal: AbortSignal,
) => Promise<RankBoard>;

function start(open: Opening, { trusted = true } = {}) {
  const views: RanksView[] = [];
  const faults: string[] = [];
  const runs = new Emitter<void>();
  let comparable = '';
  const compare = (next: string): void => {
    comparable = next;
    runs.fire();
  };
  const session = new RanksSession({
    source: {
      onDidChange: runs.event,
      comparable: () => comparable,
      open: ({ text = '' }, progress, signal) => open(text, progress, signal),
    },
    trusted,
    post: (view) => views.push(view),
    onFault: ({ message }) => faults.push(message),
  });
  const show = (text: string): void => session.show({ kind: 'experiment', path: FILE, text });
  return { session, views, faults, show, compare, last: () => views.at(-1) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a session of ranks', () => {
  it('opens a board, plans on it, and says which keys a plan is written as', async () => {
    const { session, show, last } = start((text) => Promise.resolve(board(text)));
    expect(() => session.plan(request)).toThrow('nothing to plan ranks for yet');
    show('one');
    expect(last()?.status).toBe('opening');
    await vi.advanceTimersByTimeAsync(0);
    expect(last()).toMatchObject({
      status: 'done',
      name: 'one',
      configured: request,
      candidates: [4, 8, 16],
    });
    const plan = session.plan(request);
    expect(plan.modules).toHaveLength(14);
    expect(plan.totals.meanRank).toBeLessThanOrEqual(8);
    expect(session.changes(request)).toEqual([{ path: ['adapter', 'rank'], value: '8' }]);
  });

  it('tells how far it is, not more often than one can see', async () => {
    const { show, views, last } = start(async (text, progress) => {
      for (let done = 0; done < 100; done++) {
        progress({ done, total: 100 });
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return board(text);
    });
    show('one');
    await vi.advanceTimersByTimeAsync(500);
    expect(last()).toMatchObject({ status: 'working', progress: { total: 100 } });
    await vi.advanceTimersByTimeAsync(1000);
    expect(last()).toMatchObject({ status: 'done' });
    expect(last()?.progress).toBeUndefined();
    expect(views.length).toBeLessThan(12);
  });

  it('keeps the board while a later text is read, and beside its faults', async () => {
    const { session, show, faults, last } = start((text) =>
      text === 'wrong'
        ? Promise.reject(new InputError({ what: 'unknown key', file: FILE, line: 3 }))
        : Promise.resolve(board(text)),
    );
    show('one');
    await vi.advanceTimersByTimeAsync(0);
    show('wrong');
    await vi.advanceTimersByTimeAsync(400);
    expect(last()).toMatchObject({
      status: 'failed',
      name: 'one',
      problem: { message: 'unknown key', place: 'a.tune.yaml, line 3' },
    });
    expect(session.plan(request).modules).toHaveLength(14);
    expect(faults).toEqual([]);
    show('two');
    await vi.advanceTimersByTimeAsync(400);
    expect(last()).toMatchObject({ status: 'done', name: 'two' });
    expect(last()?.problem).toBeUndefined();
  });

  it('is cancelled, and goes on', async () => {
    const signals: AbortSignal[] = [];
    const { session, show, last } = start((text, progress, signal) => {
      signals.push(signal);
      progress({ done: 1, total: 2 });
      return new Promise((resolve) => setTimeout(() => resolve(board(text)), 1000));
    });
    show('one');
    await vi.advanceTimersByTimeAsync(200);
    session.cancel();
    expect(signals[0]?.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(2000);
    expect(last()?.status).toBe('cancelled');
    expect(last()?.progress).toBeUndefined();
    session.retry();
    await vi.advanceTimersByTimeAsync(2000);
    expect(last()?.status).toBe('done');
  });

  it('counts what it is about, so that nothing of another subject is taken for this one', async () => {
    const { session, show } = start((text) => Promise.resolve(board(text)), { trusted: false });
    show('one');
    const { id, status } = session.view;
    expect(status).toBe('untrusted');
    session.trust();
    await vi.advanceTimersByTimeAsync(0);
    expect(session.view).toMatchObject({ id, status: 'done' });
    session.show({ kind: 'experiment', path: '/work/b.tune.yaml', text: 'b' });
    expect(session.view.id).not.toBe(id);
    expect(session.view.modules).toEqual([]);
  });

  it('is read again when another run can be compared with, and not at any other change of the runs', async () => {
    let opened = 0;
    const { show, compare, last } = start((text) => {
      opened++;
      return Promise.resolve(board(text));
    });
    show('one');
    await vi.advanceTimersByTimeAsync(0);
    compare('');
    await vi.advanceTimersByTimeAsync(100);
    expect(opened).toBe(1);
    compare('run-1');
    expect(last()?.name).toBe('one');
    await vi.advanceTimersByTimeAsync(100);
    expect(opened).toBe(2);
    expect(last()?.status).toBe('done');
  });
});
