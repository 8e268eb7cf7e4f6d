import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InputError, RunError } from '../../../../src/base/errors';
import { Estimates } from '../../../../src/extension/features/inline/estimates';
import { parseExperiment } from '../../../../src/protocol/experiment/parse';
import { resolveExperiment } from '../../../../src/protocol/experiment/resolve';
import type { MemoryEstimate } from '../../../../src/protocol/inspector';

const FILE = '/work/a.tune.yaml';
const FITS: MemoryEstimate = { device: 'cpu', predicted_mb: 500, available_mb: 8000, ways: [] };
const TOO_MUCH: MemoryEstimate = { ...FITS, predicted_mb: 9000 };

function textOf(batch: number, rest = ''): string {
  return `model: m\ndata: { train: a.jsonl, text: "{t}" }\ntraining: { batch_size: ${batch} }\n${rest}`;
}

/** Estimates of an inspector that answers when it is told to. */
function onBench() {
  const asked: { text: string; device: string; answer: (estimate: MemoryEstimate | Error) => void }[] = [];
  const faults: Error[] = [];
  const estimates = new Estimates(
    {
      estimate: (_, text, device) =>
        new Promise((resolve, reject) => {
          asked.push({
            text,
            device,
            answer: (found) => (found instanceof Error ? reject(found) : resolve(found)),
          });
        }),
    },
    (error) => faults.push(error),
    100,
  );
  let told = 0;
  estimates.onDidChange((file) => {
    expect(file).toBe(FILE);
    told++;
  });
  const ask = (text: string): void => {
    const { values } = parseExperiment(text, FILE);
    if (values === undefined) throw new Error('no experiment');
    estimates.ask(
      FILE,
      text,
      resolveExperiment(values, 'a', (path) => path),
    );
  };
  const answer = async (i: number, found: MemoryEstimate | Error): Promise<void> => {
    asked[i]?.answer(found);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { estimates, asked, faults, ask, answer, told: () => told };
}

describe('what runs of open experiments would take', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is asked for when the typing rests, and told', async () => {
    const { estimates, asked, ask, answer, told } = onBench();
    for (const batch of [1, 16, 160]) {
      ask(textOf(batch));
      await vi.advanceTimersByTimeAsync(90);
    }
    expect(asked).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(10);
    expect(asked.map(({ text }) => text)).toEqual([textOf(160)]);
    expect(estimates.of(FILE)).toBeUndefined();
    await answer(0, FITS);
    expect(estimates.of(FILE)).toEqual({ estimate: FITS, current: true });
    expect(told()).toBe(1);
  });

  it('stands until there is a newer one, and is not asked for twice', async () => {
    const { estimates, asked, ask, answer, told } = onBench();
    ask(textOf(1));
    await vi.advanceTimersByTimeAsync(100);
    await answer(0, FITS);
    ask(textOf(2));
    expect(estimates.of(FILE)).toEqual({ estimate: FITS, current: false });
    await vi.advanceTimersByTimeAsync(100);
    await answer(1, TOO_MUCH);
    expect(estimates.of(FILE)).toEqual({ estimate: TOO_MUCH, current: true });
    // As before: it is known at once. What does not matter changes nothing.
    ask(textOf(1));
    expect(estimates.of(FILE)).toEqual({ estimate: FITS, current: true });
    ask(textOf(1, '# a comment\nname: another\n'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toHaveLength(2);
    expect(told()).toBe(4);
  });

  it('is asked for one after another, the newest at last', async () => {
    const { estimates, asked, ask, answer } = onBench();
    ask(textOf(1));
    await vi.advanceTimersByTimeAsync(100);
    for (const batch of [2, 3]) {
      ask(textOf(batch));
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(asked).toHaveLength(1);
    await answer(0, FITS);
    expect(estimates.of(FILE)?.current).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    expect(asked.map(({ text }) => text)).toEqual([textOf(1), textOf(3)]);
  });

  it('knows the device from the first answer', async () => {
    const { asked, ask, answer } = onBench();
    ask(textOf(1));
    await vi.advanceTimersByTimeAsync(100);
    await answer(0, { ...FITS, device: 'webgpu' });
    ask(textOf(2, 'device: cpu\n'));
    await vi.advanceTimersByTimeAsync(100);
    await answer(1, FITS);
    ask(textOf(3));
    await vi.advanceTimersByTimeAsync(100);
    expect(asked.map(({ device }) => device)).toEqual(['', 'webgpu', 'webgpu']);
  });

  it('is not known of what cannot be planned; a fault of ours is told', async () => {
    const { estimates, ask, answer, faults, told } = onBench();
    ask(textOf(1));
    await vi.advanceTimersByTimeAsync(100);
    await answer(0, FITS);
    ask(textOf(2));
    await vi.advanceTimersByTimeAsync(100);
    await answer(1, new InputError({ what: 'there is no such file' }));
    expect(estimates.of(FILE)).toBeUndefined();
    expect([told(), faults]).toEqual([2, []]);
    ask(textOf(3));
    await vi.advanceTimersByTimeAsync(100);
    await answer(2, new RunError({ what: 'the inspector ended' }));
    expect(faults.map(({ message }) => message)).toEqual(['the inspector ended']);
  });

  it('is asked for anew where it did not fit, and forgotten with the file', async () => {
    const { estimates, asked, ask, answer } = onBench();
    ask(textOf(1));
    await vi.advanceTimersByTimeAsync(100);
    await answer(0, TOO_MUCH);
    estimates.refresh();
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toHaveLength(2);
    await answer(1, FITS);
    estimates.refresh();
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toHaveLength(2);
    ask(textOf(2));
    estimates.forget(FILE);
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toHaveLength(2);
    expect(estimates.of(FILE)).toBeUndefined();
  });
});
