import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Experiment } from '../../protocol/experiment/types';
import { cacheFolder } from '../../weights/cache';
import type { OpenedModel } from '../training/model';
import type { Findings } from './findings';

interface DiskUse {
  /** The experiment's file: its runs lie below its folder, or on the same disk as a rule. */
  readonly file: string;
  readonly experiment: Experiment;
  readonly opened: OpenedModel;
  readonly trainable: number;
}

/** Warns where the disks have not the space for a run's checkpoints and result, or for its converted weights. */
export async function diskFindings(findings: Findings, use: DiskUse): Promise<void> {
  const { file, experiment, opened, trainable } = use;
  // Values and two moments in each checkpoint, one more while it is written, and the result.
  const needed = 4 * trainable * (3 * (experiment.checkpoint.keep + 1) + 1);
  await warnIfShort(findings, dirname(file), needed, 'checkpoints and result', 'lower checkpoint.keep');
  const converted = [...opened.source.tensors.values()].reduce(
    (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 4),
    0,
  );
  const folder = cacheFolder();
  // Whether they need the room is only asked where there is none: it takes the weights' hash.
  if (((await freeBytes(folder)) ?? Infinity) >= converted || (await opened.source.isMapped())) return;
  await warnIfShort(
    findings,
    folder,
    converted,
    'weights, converted to f32 once,',
    'choose another cache folder',
  );
}

async function warnIfShort(
  findings: Findings,
  folder: string,
  needed: number,
  what: string,
  remedy: string,
): Promise<void> {
  const free = await freeBytes(folder);
  if (free === undefined || free >= needed) return;
  findings.warn(
    `The disk of ${folder} has ${gigabytes(free)} free, and the ${what} take about ${gigabytes(needed)}. ` +
      `Free some space, or ${remedy}.`,
  );
}

/** Free bytes on the disk on which a folder lies, or will lie once it is made. */
async function freeBytes(folder: string): Promise<number | undefined> {
  const stat = await fs.statfs(folder).catch(() => undefined);
  if (stat !== undefined) return stat.bavail * stat.bsize;
  const parent = dirname(folder);
  return parent === folder ? undefined : freeBytes(parent);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
