import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, removeFolder, writeFailure, writeFolderAtomic } from './files';

/** A complete checkpoint on disk. */
interface CheckpointFolder {
  readonly step: number;
  readonly folder: string;
}

/** The complete checkpoints below `root`, by falling step. Half-written ones have other names. */
export function listCheckpoints(root: string): CheckpointFolder[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .flatMap((entry) => {
      const step = /^step-(\d+)$/u.exec(entry.name)?.[1];
      return entry.isDirectory() && step !== undefined
        ? [{ step: Number(step), folder: join(root, entry.name) }]
        : [];
    })
    .sort((a, b) => b.step - a.step);
}

/**
 * Writes `step-<step>` below `root`, complete or not at all, then removes the oldest beyond `keep`. Throws what
 * `write` throws, or `RunError` (also where the run around `root` is gone); then every older checkpoint is still there.
 */
export async function saveCheckpoint(
  root: string,
  step: number,
  keep: number,
  write: (folder: string) => Promise<void> | void,
): Promise<CheckpointFolder> {
  ensureFolder(root);
  const folder = join(root, `step-${step}`);
  await writeFolderAtomic(folder, write);
  for (const old of listCheckpoints(root).slice(keep)) removeFolder(old.folder);
  return { step, folder };
}

/** Makes a folder where there is none, but none of those around it. */
function ensureFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (thrown) {
    if (errorCode(thrown) !== 'EEXIST') throw writeFailure(thrown, folder);
  }
}
