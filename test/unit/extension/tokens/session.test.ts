import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InputError, RunError } from '../../../../src/base/errors';
import { TokensSession } from '../../../../src/extension/features/tokens/session';
import type { TokenPreview } from '../../../../src/protocol/inspector';
import type { TokensView } from '../../../../src/protocol/panels/tokens';

const FILE = '/work/a.tune.yaml';

function preview(from: number, total = 50): TokenPreview {
  const count = Math.max(0, Math.min(20, total - from));
  return {
    rows: Array.from({ length: count }, (_, i) => ({
      row: from + i,
      file: '/work/rows.jsonl',
      line: from + i + 1,
      pieces: [{ tokens: [{ id: 1, text: 'a' }], state: 'trained' as const }],
      length: 1,
      trained: 1,
      truncated: 0,
      omitted: 0,
      dropped: false,
      held_out: false,
    })),
    total,
    complete: true,
    max_length: 8,
    packing: false,
    summary: { rows: total, mean_length: 1, longest: 1, trained_share: 1, truncated: 0, dropped: 0 },
  };
}

function start(answer: (text: string, from: number) => Promise<TokenPreview>) {
  const views: TokensView[] = [];
  const asked: string[] = [];
  const faults: string[] = [];
  const session = new TokensSession({
    ask: (_file, text, from) => {
      asked.push(`${text} ${from}`);
      return answer(text, from);
    },
    post: (view) => views.push(view),
    onFault: ({ message }) => faults.push(message),
  });
  return { session, views, asked, faults, last: () => views.at(-1) };
}

describe('a token preview', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('asks at once for another file, and after a rest while one writes', async () => {
    const { session, asked, last } = start((_, from) => Promise.resolve(preview(from)));
    session.show({ file: FILE, text: 'one' });
    await vi.advanceTimersByTimeAsync(0);
    expect(last()).toMatchObject({ name: 'a.tune.yaml', busy: false, preview: { total: 50 } });
    session.show({ file: FILE, text: 'on' });
    await vi.advanceTimersByTimeAsync(200);
    session.show({ file: FILE, text: 'two' });
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toEqual(['one 0']);
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toEqual(['one 0', 'two 0']);
  });

  it('keeps the last good preview beside a fault, with its place', async () => {
    const { session, faults, last } = start((text, from) =>
      text === 'wrong'
        ? Promise.reject(
            new InputError({ what: 'unknown key', file: FILE, line: 3, column: 5, remedy: 'Mend it.' }),
          )
        : Promise.resolve(preview(from)),
    );
    session.show({ file: FILE, text: 'right' });
    await vi.advanceTimersByTimeAsync(0);
    session.show({ file: FILE, text: 'wrong' });
    await vi.advanceTimersByTimeAsync(400);
    expect(last()).toMatchObject({
      preview: { total: 50 },
      problem: { message: 'unknown key. Mend it.', place: 'a.tune.yaml, line 3, column 5' },
    });
    expect(session.problem).toMatchObject({ file: FILE, line: 3, column: 5 });
    expect(faults).toEqual([]);
    session.show({ file: FILE, text: 'right' });
    await vi.advanceTimersByTimeAsync(400);
    expect(last()?.problem).toBeUndefined();
  });

  it('reports what is no fault of the experiment', async () => {
    const { session, faults, last } = start(() =>
      Promise.reject(new RunError({ what: 'the inspector ended' })),
    );
    session.show({ file: FILE, text: 'x' });
    await vi.advanceTimersByTimeAsync(0);
    expect(last()?.problem).toEqual({ message: 'the inspector ended' });
    expect(faults).toEqual(['the inspector ended']);
  });

  it('shows no answer that comes too late', async () => {
    const { session, last } = start(async (text, from) => {
      await new Promise((resolve) => setTimeout(resolve, text === 'slow' ? 5000 : 10));
      return { ...preview(from), max_length: text.length };
    });
    session.show({ file: FILE, text: 'slow' });
    await vi.advanceTimersByTimeAsync(100);
    session.show({ file: FILE, text: 'fast!' });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(last()?.preview?.max_length).toBe(5);
  });

  it('turns pages, and comes back where the data have become shorter', async () => {
    let total = 50;
    const { session, asked, last } = start((_, from) => Promise.resolve(preview(from, total)));
    session.show({ file: FILE, text: 'x' });
    session.goTo(40);
    await vi.advanceTimersByTimeAsync(0);
    expect(last()?.preview?.rows).toHaveLength(10);
    expect(session.placeOf(41)).toMatchObject({ file: '/work/rows.jsonl', line: 42 });
    total = 25;
    session.show({ file: FILE, text: 'y' });
    await vi.advanceTimersByTimeAsync(400);
    expect(asked.at(-1)).toBe('y 20');
    expect(last()).toMatchObject({ from: 20, busy: false });
  });

  it('rests while it is hidden, and makes up for it', async () => {
    const { session, asked } = start((_, from) => Promise.resolve(preview(from)));
    session.visible = false;
    session.show({ file: FILE, text: 'x' });
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toEqual([]);
    session.visible = true;
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toEqual(['x 0']);
  });
});
