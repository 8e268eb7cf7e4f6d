import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InputError, RunError } from '../../../../src/base/errors';
import { SpectraSession } from '../../../../src/extension/features/spectra/session';
import type { SpectraListener, SpectraOutline } from '../../../../src/extension/features/spectra/source';
import type { FollowedSubject } from '../../../../src/extension/follower';
import type { SpectraPatch } from '../../../../src/protocol/panels/spectra';
import { fakeTraining } from '../../../support/fakeTraining';
import { decoderModules, powerLaw } from '../../../support/spectraModel';

const FILE = '/work/a.tune.yaml';
const modules = decoderModules(2, 16, 8);

function subject(text: string, path = FILE): FollowedSubject {
  return { kind: 'experiment', path, text };
}

/** A session over a source whose answers are given by hand. */
function start({ trusted = true } = {}) {
  const patches: SpectraPatch[] = [];
  const faults: string[] = [];
  const outlined: string[] = [];
  const jobs: {
    readonly listener: SpectraListener;
    readonly signal: AbortSignal;
    readonly resolve: () => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  let outline = (text: string): Promise<SpectraOutline> =>
    Promise.resolve({
      key: 'model',
      name: 'a',
      modules,
      sets: [{ key: 'base', name: 'base', of: 'weights' }],
      adapter: { method: 'lora', rank: Number(text) },
    });
  const compared: { readonly model: string; readonly listener: SpectraListener; signal: AbortSignal }[] = [];
  const training = fakeTraining();
  const session = new SpectraSession({
    training: training.source,
    source: {
      outline: ({ text = '' }) => {
        outlined.push(text);
        return outline(text);
      },
      decompose: (_, listener, signal) =>
        new Promise((resolve, reject) => {
          jobs.push({ listener, signal, resolve, reject });
        }),
      comparedSets: (_, model) => [
        { key: `difference ${model}`, name: `ΔW of ${model}`, of: 'change' },
        { key: `compared ${model}`, name: model, of: 'weights' },
      ],
      compare: (_, model, listener, signal) => {
        compared.push({ model, listener, signal });
        return new Promise(() => undefined);
      },
    },
    trusted,
    post: (patch) => patches.push(patch),
    onFault: ({ message }) => faults.push(message),
  });
  const answer = (next: typeof outline): void => {
    outline = next;
  };
  return {
    session,
    patches,
    faults,
    outlined,
    jobs,
    compared,
    training,
    answer,
    last: () => patches.at(-1)?.view,
  };
}

function spectrumOf(index: number) {
  const module = modules[index];
  if (module === undefined) throw new Error('there is no such module');
  return powerLaw(module, 2);
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a session of spectra', () => {
  it('tells of spectra as they come, together and each once, with how far it is', async () => {
    const { session, patches, jobs, last } = start();
    expect(session.snapshot.view.status).toBe('empty');
    session.show(subject('8'));
    expect(last()?.status).toBe('opening');
    await vi.advanceTimersByTimeAsync(0);
    expect(last()).toMatchObject({ status: 'working', name: 'a', adapter: { rank: 8 } });
    const before = patches.length;
    jobs[0]?.listener.found(spectrumOf(0));
    jobs[0]?.listener.found(spectrumOf(1));
    jobs[0]?.listener.progress({ done: 2, total: 14 });
    expect(patches).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(200);
    expect(patches).toHaveLength(before + 1);
    expect(patches.at(-1)?.spectra.map(({ path }) => path)).toEqual([modules[0]?.path, modules[1]?.path]);
    expect(last()?.progress).toEqual({ done: 2, total: 14 });
    jobs[0]?.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(last()?.status).toBe('done');
    expect(patches.at(-1)?.spectra).toEqual([]);
    expect(session.snapshot.spectra).toHaveLength(2);
  });

  it('takes a better spectrum in the place of the first', async () => {
    const { session, jobs } = start();
    session.show(subject('8'));
    await vi.advanceTimersByTimeAsync(0);
    jobs[0]?.listener.found({ ...spectrumOf(0), exact: false });
    jobs[0]?.listener.found(spectrumOf(0));
    expect(session.snapshot.spectra.map(({ exact }) => exact)).toEqual([true]);
  });

  it('decomposes once for a model, whatever else changes in the experiment', async () => {
    const { session, jobs, outlined, last } = start();
    session.show(subject('8'));
    await vi.advanceTimersByTimeAsync(0);
    jobs[0]?.listener.found(spectrumOf(0));
    session.show(subject('16'));
    session.show(subject('32'));
    await vi.advanceTimersByTimeAsync(400);
    // The text between the two was never at rest.
    expect(outlined).toEqual(['8', '32']);
    expect(last()?.adapter?.rank).toBe(32);
    expect(jobs).toHaveLength(1);
    expect(jobs[0]?.signal.aborted).toBe(false);
    expect(session.snapshot.spectra).toHaveLength(1);
  });

  it('begins anew with another model, and lets nothing of the one before in', async () => {
    const { session, jobs, answer, last } = start();
    session.show(subject('8'));
    await vi.advanceTimersByTimeAsync(0);
    jobs[0]?.listener.found(spectrumOf(0));
    const { id } = session.snapshot.view;
    answer(() => Promise.resolve({ key: 'other', name: 'b', modules, sets: [] }));
    session.show(subject('9', '/work/b.tune.yaml'));
    await vi.advanceTimersByTimeAsync(0);
    expect(jobs[0]?.signal.aborted).toBe(true);
    jobs[0]?.listener.found(spectrumOf(1));
    jobs[0]?.reject(new Error('aborted'));
    await vi.advanceTimersByTimeAsync(200);
    expect(session.snapshot.spectra).toEqual([]);
    expect(last()).toMatchObject({ status: 'working', name: 'b' });
    expect(session.snapshot.view.id).toBeGreaterThan(id);
  });

  it('is cancelled with what it has, and goes on', async () => {
    const { session, jobs, last } = start();
    session.show(subject('8'));
    await vi.advanceTimersByTimeAsync(0);
    jobs[0]?.listener.found(spectrumOf(0));
    session.cancel();
    expect(jobs[0]?.signal.aborted).toBe(true);
    expect(last()?.status).toBe('cancelled');
    jobs[0]?.reject(new Error('aborted'));
    await vi.advanceTimersByTimeAsync(0);
    expect(last()?.status).toBe('cancelled');
    session.retry();
    expect(jobs).toHaveLength(2);
    jobs[1]?.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(last()?.status).toBe('done');
    expect(session.snapshot.spectra).toHaveLength(1);
    session.retry();
    expect(jobs).toHaveLength(2);
  });

  it('goes on at once, also where a newer text was being read when it was cancelled', async () => {
    const { session, jobs, last } = start();
    session.show(subject('8'));
    await vi.advanceTimersByTimeAsync(0);
    session.show(subject('16'));
    session.cancel();
    expect(last()?.status).toBe('cancelled');
    session.retry();
    await vi.advanceTimersByTimeAsync(0);
    expect(last()).toMatchObject({ status: 'working', adapter: { rank: 16 } });
    expect(jobs).toHaveLength(2);
  });

  it('cancels also what only looks for the modules', async () => {
    const { session, jobs, answer, last } = start();
    answer(
      () =>
        new Promise((resolve) => {
          setTimeout(() => resolve({ key: 'm', name: 'a', modules, sets: [] }), 5000);
        }),
    );
    session.show(subject('8'));
    await vi.advanceTimersByTimeAsync(10);
    session.cancel();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(last()?.status).toBe('cancelled');
    expect(jobs).toEqual([]);
  });

  it('says what the user can mend, and reports what is no fault of theirs', async () => {
    const { session, jobs, answer, faults, last } = start();
    answer(() =>
      Promise.reject(new InputError({ what: 'no model', file: FILE, line: 2, remedy: 'Write one.' })),
    );
    session.show(subject('8'));
    await vi.advanceTimersByTimeAsync(0);
    expect(last()).toMatchObject({
      status: 'failed',
      problem: { message: 'no model. Write one.', place: 'a.tune.yaml, line 2' },
    });
    expect(session.problem).toMatchObject({ file: FILE, line: 2 });
    expect(faults).toEqual([]);
    answer(() => Promise.resolve({ key: 'm', name: 'a', modules, sets: [] }));
    session.retry();
    await vi.advanceTimersByTimeAsync(0);
    jobs[0]?.reject(new RunError({ what: 'the inspector ended' }));
    await vi.advanceTimersByTimeAsync(0);
    expect(last()).toMatchObject({ status: 'failed', problem: { message: 'the inspector ended' } });
    expect(faults).toEqual(['the inspector ended']);
    session.retry();
    expect(jobs).toHaveLength(2);
    expect(last()).toMatchObject({ status: 'working' });
    expect(last()?.problem).toBeUndefined();
  });

  it('reads nothing before the workspace is trusted', async () => {
    const { session, outlined, last } = start({ trusted: false });
    session.show(subject('8'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(last()?.status).toBe('untrusted');
    expect(outlined).toEqual([]);
    session.trust();
    await vi.advanceTimersByTimeAsync(0);
    expect(last()?.status).toBe('working');
  });

  it('tells a hidden page nothing, goes on meanwhile, and reads what it missed when it is back', async () => {
    const { session, patches, jobs, outlined } = start();
    session.show(subject('8'));
    await vi.advanceTimersByTimeAsync(0);
    session.visible = false;
    const before = patches.length;
    jobs[0]?.listener.found(spectrumOf(0));
    session.show(subject('16'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(patches).toHaveLength(before);
    expect(outlined).toEqual(['8']);
    expect(session.snapshot.spectra).toHaveLength(1);
    session.visible = true;
    await vi.advanceTimersByTimeAsync(0);
    expect(outlined).toEqual(['8', '16']);
  });

  it('ends what is under way with itself', async () => {
    const { session, jobs, patches } = start();
    session.show(subject('8'));
    await vi.advanceTimersByTimeAsync(0);
    session.dispose();
    const before = patches.length;
    expect(jobs[0]?.signal.aborted).toBe(true);
    jobs[0]?.resolve();
    await vi.advanceTimersByTimeAsync(1000);
    expect(patches).toHaveLength(before);
  });

  it('compares with another model: its sets come and go, and the first stay', async () => {
    const { session, patches, jobs, compared, last } = start();
    session.show(subject('8'));
    await vi.advanceTimersByTimeAsync(0);
    jobs[0]?.listener.found(spectrumOf(0));
    expect(session.model).toBe('model');
    session.compare('/models/tuned');
    expect(last()?.compared).toEqual({ path: '/models/tuned', name: 'tuned' });
    // Weights stand before changes.
    expect(last()?.sets.map(({ of }) => of)).toEqual(['weights', 'weights', 'change']);
    compared[0]?.listener.found({ ...spectrumOf(0), set: 'compared /models/tuned' });
    await vi.advanceTimersByTimeAsync(200);
    expect(patches.at(-1)?.spectra.map(({ set }) => set)).toEqual(['compared /models/tuned']);
    jobs[0]?.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(last()?.status).toBe('working');
    session.compare(undefined);
    expect(compared[0]?.signal.aborted).toBe(true);
    expect(last()).toMatchObject({ status: 'done', sets: [{ key: 'base' }] });
    expect(last()?.compared).toBeUndefined();
    expect(session.snapshot.spectra.map(({ set }) => set)).toEqual(['base']);
  });

  it('goes on comparing with the same model when another subject comes', async () => {
    const { session, compared, answer } = start();
    session.compare('/models/tuned');
    session.show(subject('8'));
    await vi.advanceTimersByTimeAsync(0);
    answer(() => Promise.resolve({ key: 'other', name: 'b', modules, sets: [] }));
    session.show(subject('9', '/work/b.tune.yaml'));
    await vi.advanceTimersByTimeAsync(0);
    expect(compared.map(({ model, signal }) => [model, signal.aborted])).toEqual([
      ['/models/tuned', true],
      ['/models/tuned', false],
    ]);
  });

  it('shows what training changed after the last step, and after any that is asked for', async () => {
    const { session, patches, training, last } = start();
    training.record(50, 100);
    session.show(subject('8'));
    await vi.advanceTimersByTimeAsync(200);
    expect(last()).toMatchObject({ step: 100 });
    expect(last()?.sets.at(-1)).toMatchObject({ key: 'training', name: 'ΔW of try', of: 'change' });
    expect([...(session.snapshot.timeline?.steps ?? [])]).toEqual([50, 100]);
    const before = patches.length;
    session.showStep(50);
    // At once: a page that plays waits for it.
    expect(patches).toHaveLength(before + 1);
    expect(last()?.step).toBe(50);
    expect(patches.at(-1)?.spectra.map(({ values }) => values[0])).toEqual([50]);
    expect(patches.at(-1)?.timeline).toBeUndefined();
    training.record(150);
    await vi.advanceTimersByTimeAsync(1500);
    expect(last()?.step).toBe(50);
    expect([...(patches.findLast(({ timeline }) => timeline !== undefined)?.timeline?.steps ?? [])]).toEqual([
      50, 100, 150,
    ]);
    session.showStep(null);
    expect(last()?.step).toBe(150);
  });
});
