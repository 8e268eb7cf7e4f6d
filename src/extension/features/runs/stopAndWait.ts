import { setTimeout as sleep } from 'node:timers/promises';
import { askToStop } from '../../../launch/trainerProcess';
import { runPaths } from '../../../runs/folder';
import type { RunsModel } from './model';
import { isActive } from '../../../runs/survey/summary';

/** How long (ms) a trainer gets to finish its step and save. */
const PATIENCE = 60_000;
const LOOK_EVERY = 250;

/** Asks the trainer of a run to stop, and waits until it has; false where it takes too long. */
export async function stopAndWait(model: RunsModel, folder: string): Promise<boolean> {
  askToStop(runPaths(folder));
  const until = performance.now() + PATIENCE;
  while (performance.now() < until) {
    await model.look(folder);
    const run = model.get(folder);
    if (run === undefined || !isActive(run)) return true;
    await sleep(LOOK_EVERY);
  }
  return false;
}
