import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/base/errors';
import { adapterPhases, phaseAt } from '../../../../src/engine/training/phases';
import type { TrainingPlan } from '../../../../src/trainer/training/adapters';
import { allValues, splitValues } from '../../../../src/trainer/training/adapters';
import {
  readCheckpoint,
  writeCheckpoint,
  type CheckpointState,
} from '../../../../src/trainer/training/checkpoint';
import { readSafetensorsHeader } from '../../../../src/weights/safetensors/header';
import { nudgeAll, tinyAdapters } from '../../../support/tinyAdapters';
import { temporaryFolder, tinyModel } from '../../../support/tinyModel';

let plan: TrainingPlan;
let state: CheckpointState;
beforeAll(async () => {
  const adapted = tinyAdapters(await tinyModel(), 'lamda', {}, ['layers.0.*q_proj']);
  nudgeAll(adapted);
  const freezing = { steps: 10, fraction: 0.5 };
  plan = { adapters: adapted.adapters, phases: adapterPhases(adapted.adapters.values(), freezing), freezing };
  const phase = phaseAt(plan.phases, 0);
  if (phase === undefined) throw new Error('no phase');
  const known = new Map(
    phase.parameters.map(({ name }) => {
      const value = adapted.values.get(name) ?? new Float32Array();
      return [
        name,
        { value, firstMoment: value.map((x) => x / 3), secondMoment: value.map((x) => x * x * 1e-30) },
      ];
    }),
  );
  const values = splitValues(phase, adapted.values, known);
  state = { step: 7, position: { epoch: 2, index: 13 }, updates: 1234567, values };
});

async function written(): Promise<string> {
  const folder = await temporaryFolder();
  await writeCheckpoint(folder, plan, state);
  return folder;
}

async function factsOf(folder: string): Promise<InputError['facts']> {
  try {
    await readCheckpoint({ folder, step: 7 });
  } catch (thrown) {
    if (thrown instanceof InputError) return thrown.facts;
    throw thrown;
  }
  throw new Error('the checkpoint was read');
}

describe('a checkpoint', () => {
  it('is read back bit for bit', async () => {
    expect(await readCheckpoint({ folder: await written(), step: 7 })).toEqual(state);
  });

  it('keeps the shape of what is trained', async () => {
    const { tensors } = await readSafetensorsHeader(join(await written(), 'parameters.safetensors'));
    const shapes = [...tensors].map(
      ([name, { shape }]) => `${name.split('.').at(-1) ?? ''} ${shape.join('x')}`,
    );
    expect(shapes.sort()).toEqual(['lda 3x3', 'pmb 24x3']);
  });

  it.each([
    'state.json',
    'parameters.safetensors',
    'first_moments.safetensors',
    'second_moments.safetensors',
    'frozen.safetensors',
  ])('that lacks %s, or has it cut off, is named with what to do', async (file) => {
    const folder = await written();
    expect(await readdir(folder)).toContain(file);
    const path = join(folder, file);
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length / 2));
    expect(await factsOf(folder)).toMatchObject({
      file: path,
      remedy: `If ${folder} is damaged, remove it: the run then goes on from the checkpoint before.`,
    });
    await rm(path);
    expect((await factsOf(folder)).file).toBe(path);
  });

  it.each(['{"formatVersion": 2, "position": {}}', '{"formatVersion": 1, "position": {"epoch": 0}}', '[]'])(
    'of an unknown form is refused: %s',
    async (text) => {
      const folder = await written();
      await writeFile(join(folder, 'state.json'), text);
      expect((await factsOf(folder)).what).toBe('the checkpoint is of an unknown form');
    },
  );
});

describe('splitValues', () => {
  it('hands values and moments over from phase to phase, and loses none', () => {
    const core = phaseAt(plan.phases, 5);
    if (core === undefined) throw new Error('no core phase');
    const all = allValues(state.values);
    const next = splitValues(core, all, state.values.state);
    expect(core.name).toBe('core');
    expect(allValues(next)).toEqual(all);
    const [name] = next.state.keys();
    expect([...next.state.keys()]).toHaveLength(1);
    expect(next.state.get(name ?? '')).toBe(state.values.state.get(name ?? ''));
    expect(next.frozen.size).toBe(3);
  });
});
