import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Training } from '../../../../src/extension/features/spectra/training';
import type { FollowedSubject } from '../../../../src/extension/follower';
import { fakeTraining } from '../../../support/fakeTraining';

const EXPERIMENT: FollowedSubject = { kind: 'experiment', path: '/work/try.tune.yaml', text: '' };

function start(live = true) {
  const fake = fakeTraining({ folder: '/runs/try', name: 'try', live });
  const told: { values: (number | undefined)[]; timeline: boolean }[] = [];
  const faults: string[] = [];
  const training = new Training({
    source: fake.source,
    changed: (spectra, timeline) => told.push({ values: spectra.map(({ values }) => values[0]), timeline }),
    onFault: ({ message }) => faults.push(message),
  });
  return { training, told, faults, ...fake };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('what training changed', () => {
  it('is told at once where there is any, and of each step as it comes', async () => {
    const { training, told, record } = start();
    record(50);
    training.follow(EXPERIMENT);
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual([{ values: [50], timeline: true }]);
    expect(training.set).toEqual({ key: 'training', name: 'ΔW of try', of: 'change' });
    await vi.advanceTimersByTimeAsync(5000);
    expect(told).toHaveLength(1);
    record(100);
    await vi.advanceTimersByTimeAsync(1100);
    expect(told.at(-1)).toEqual({ values: [100], timeline: true });
    expect(training.step).toBe(100);
    training.dispose();
  });

  it('stays at a chosen step while others come, or at the recorded one before it', async () => {
    const { training, told, record } = start();
    record(50, 100);
    training.follow(EXPERIMENT);
    await vi.advanceTimersByTimeAsync(0);
    training.show(75);
    expect(training.step).toBe(50);
    expect(told.at(-1)).toEqual({ values: [50], timeline: false });
    record(150);
    await vi.advanceTimersByTimeAsync(1100);
    expect(training.step).toBe(50);
    training.show(10);
    expect(training.step).toBe(50);
    training.show(null);
    expect(training.step).toBe(150);
    training.dispose();
  });

  it('is none where nothing was recorded, and there as soon as something is', async () => {
    const { training, told, record } = start();
    training.follow(EXPERIMENT);
    await vi.advanceTimersByTimeAsync(2500);
    expect(told).toEqual([]);
    expect([training.set, training.step, training.spectra]).toEqual([undefined, undefined, []]);
    record(0);
    await vi.advanceTimersByTimeAsync(1100);
    expect(training.step).toBe(0);
    training.dispose();
  });

  it('is that of another run as soon as there is a newer one, and of none when it is gone', async () => {
    const { training, told, record, be } = start(false);
    record(50);
    training.follow(EXPERIMENT);
    await vi.advanceTimersByTimeAsync(0);
    be({ folder: '/runs/next', name: 'next', live: true });
    await vi.advanceTimersByTimeAsync(1100);
    expect(training.timeline).toMatchObject({ run: 'next', live: true });
    be(undefined);
    await vi.advanceTimersByTimeAsync(1100);
    expect(training.timeline).toBeUndefined();
    expect(told.at(-1)).toEqual({ values: [], timeline: true });
    training.dispose();
  });

  it('is read to its end when the run has ended, and then no more', async () => {
    const { training, record, be, polls } = start();
    record(50);
    training.follow(EXPERIMENT);
    await vi.advanceTimersByTimeAsync(0);
    record(100);
    be({ folder: '/runs/try', name: 'try', live: false });
    await vi.advanceTimersByTimeAsync(1100);
    expect(training.timeline?.live).toBe(false);
    expect(training.step).toBe(100);
    const before = polls();
    await vi.advanceTimersByTimeAsync(5000);
    expect(polls()).toBe(before);
    training.dispose();
  });

  it('is not read while nobody looks', async () => {
    const { training, told, record, polls } = start();
    training.visible = false;
    record(50);
    training.follow(EXPERIMENT);
    await vi.advanceTimersByTimeAsync(5000);
    expect([told.length, polls()]).toEqual([0, 0]);
    training.visible = true;
    await vi.advanceTimersByTimeAsync(0);
    expect(training.step).toBe(50);
    training.dispose();
  });

  it('forgets the step with the subject', async () => {
    const { training, record } = start();
    record(50, 100);
    training.follow(EXPERIMENT);
    await vi.advanceTimersByTimeAsync(0);
    training.show(50);
    training.follow({ ...EXPERIMENT, text: 'other' });
    expect(training.step).toBe(50);
    training.follow({ kind: 'run', path: '/runs/try' });
    expect(training.step).toBeUndefined();
    await vi.advanceTimersByTimeAsync(0);
    expect(training.step).toBe(100);
    training.dispose();
  });

  it('is told again where more is known of a finished run’s last step, and that step is shown', async () => {
    const { training, told, record, related, spectrum } = start(false);
    record(50, 100);
    related.push(spectrum(100));
    training.follow(EXPERIMENT);
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual([
      { values: [100], timeline: true },
      { values: [100], timeline: false },
    ]);
    training.dispose();
  });

  it('is told no more of it once that is cancelled, until it goes on', async () => {
    const { training, told, record, related, spectrum } = start(false);
    record(100);
    related.push(spectrum(100), spectrum(100));
    training.follow(EXPERIMENT);
    await vi.advanceTimersByTimeAsync(0);
    training.cancel();
    await vi.advanceTimersByTimeAsync(5000);
    expect(told).toHaveLength(2);
    training.retry();
    await vi.advanceTimersByTimeAsync(100);
    expect(told).toHaveLength(4);
    training.retry();
    await vi.advanceTimersByTimeAsync(100);
    expect(told).toHaveLength(4);
    training.dispose();
  });

  it('reports what keeps it from being read', async () => {
    const { training, faults, source } = start();
    vi.spyOn(source, 'find').mockRejectedValue(new Error('the disk is gone'));
    training.follow(EXPERIMENT);
    await vi.advanceTimersByTimeAsync(0);
    expect(faults).toContain('the disk is gone');
    training.dispose();
  });
});
