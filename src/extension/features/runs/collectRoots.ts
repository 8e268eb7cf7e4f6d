import * as path from 'node:path';
import { isRunId } from '../../../runs/folder';

/**
 * The folders that runs are looked for in: that of each workspace folder, and the one beside each experiment file,
 * where a terminal's runs may lie. A copy of an experiment that a run holds is no experiment.
 */
export function collectRoots(runsFolders: readonly string[], experiments: readonly string[]): string[] {
  const beside = experiments
    .filter((file) => !isCopyInRun(file))
    .map((file) => path.join(path.dirname(file), 'runs'));
  return [...new Set([...runsFolders, ...beside])];
}

/** True for the copy of an experiment that lies in a run's folder. */
function isCopyInRun(file: string): boolean {
  return path.basename(file) === 'config.tune.yaml' && isRunId(path.basename(path.dirname(file)));
}
