import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { InputError } from '../../base/errors';
import { isRecord } from '../../base/guards';
import type { DataPosition } from '../../data/batch/plan';
import type { ParameterState } from '../../engine/training/trainingSessions';
import { readJson } from '../../weights/json';
import { readSafetensors } from '../../weights/safetensors/read';
import { writeSafetensors } from '../../weights/safetensors/write';
import type { Checkpoint } from '../context';
import type { TrainingPlan, TrainingValues } from './adapters';

/** What a run needs to go on as if it had never stopped; random numbers are by counter and need nothing. */
export interface CheckpointState {
  /** Optimiser steps done. */
  readonly step: number;
  readonly position: DataPosition;
  readonly values: TrainingValues;
  /** Trained numbers summed over the steps so far. */
  readonly updates: number;
}

const FORMAT = 1;
const STATE = 'state.json';
/** What is trained, by name; after full fine-tuning all weights. */
export const PARAMETERS = 'parameters.safetensors';
const FIRST = 'first_moments.safetensors';
const SECOND = 'second_moments.safetensors';
const FROZEN = 'frozen.safetensors';

/** Writes a checkpoint's files into an empty folder; who calls makes it complete or absent. */
export async function writeCheckpoint(
  folder: string,
  plan: TrainingPlan,
  checkpoint: CheckpointState,
): Promise<void> {
  const shapes = shapesOf(plan);
  const { state, frozen } = checkpoint.values;
  const write = (file: string, data: Iterable<readonly [string, Float32Array]>): Promise<void> =>
    writeSafetensors(
      path.join(folder, file),
      [...data].map(([name, values]) => ({
        name,
        dtype: 'F32',
        shape: shapes.get(name) ?? [values.length],
        data: values,
      })),
    );
  const part = (pick: (state: ParameterState) => Float32Array): [string, Float32Array][] =>
    [...state].map(([name, entry]) => [name, pick(entry)]);
  await write(
    PARAMETERS,
    part((entry) => entry.value),
  );
  await write(
    FIRST,
    part((entry) => entry.firstMoment),
  );
  await write(
    SECOND,
    part((entry) => entry.secondMoment),
  );
  await write(FROZEN, frozen);
  const { step, position, updates } = checkpoint;
  await fs.writeFile(
    path.join(folder, STATE),
    JSON.stringify({ formatVersion: FORMAT, step, position, updates }, undefined, 2) + '\n',
  );
}

function shapesOf(plan: TrainingPlan): ReadonlyMap<string, readonly number[]> {
  return new Map(
    plan.phases.flatMap((phase) => phase.parameters.map(({ name, shape }) => [name, shape] as const)),
  );
}

/** Reads a checkpoint folder. InputError where it is damaged or of another version. */
export async function readCheckpoint({ folder }: Checkpoint): Promise<CheckpointState> {
  try {
    return await readParts(folder);
  } catch (thrown) {
    if (!(thrown instanceof InputError)) throw thrown;
    const remedy = `If ${folder} is damaged, remove it: the run then goes on from the checkpoint before.`;
    throw new InputError({ ...thrown.facts, remedy }, { cause: thrown });
  }
}

async function readParts(folder: string): Promise<CheckpointState> {
  const read = async (file: string): Promise<ReadonlyMap<string, Float32Array>> =>
    new Map([...(await readSafetensors(path.join(folder, file)))].map(([name, { data }]) => [name, data]));
  const [values, first, second, frozen] = [
    await read(PARAMETERS),
    await read(FIRST),
    await read(SECOND),
    await read(FROZEN),
  ];
  const state = new Map<string, ParameterState>();
  for (const [name, value] of values) {
    const firstMoment = first.get(name);
    const secondMoment = second.get(name);
    if (firstMoment?.length !== value.length || secondMoment?.length !== value.length) {
      throw new InputError({ what: 'the checkpoint lacks a moment', file: folder, tensor: name });
    }
    state.set(name, { value, firstMoment, secondMoment });
  }
  return { ...(await readState(path.join(folder, STATE))), values: { state, frozen } };
}

async function readState(file: string): Promise<Omit<CheckpointState, 'values'>> {
  const parsed = await readJson(file);
  if (isRecord(parsed) && parsed['formatVersion'] === FORMAT && isRecord(parsed['position'])) {
    const { step, updates, position } = parsed;
    const { epoch, index } = position;
    if ([step, updates, epoch, index].every((value) => typeof value === 'number')) {
      return {
        step: Number(step),
        updates: Number(updates),
        position: { epoch: Number(epoch), index: Number(index) },
      };
    }
  }
  throw new InputError({
    what: 'the checkpoint is of an unknown form',
    file,
    expected: `formatVersion ${FORMAT}`,
  });
}
