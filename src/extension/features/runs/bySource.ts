import type { RunSummary } from '../../../runs/survey/summary';

/** What an experiment file is known by: on Windows the case of a path says nothing, and drives come in both. */
export function sourceKey(file: string, platform: string = process.platform): string {
  return platform === 'win32' ? file.toLowerCase().replaceAll('/', '\\') : file;
}

/** Runs by the experiment file they were made from, in the order they come in. */
export function groupBySource(runs: readonly RunSummary[]): Map<string, RunSummary[]> {
  const groups = new Map<string, RunSummary[]>();
  for (const run of runs) {
    if (run.source === '') continue;
    const key = sourceKey(run.source);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [run]);
    else group.push(run);
  }
  return groups;
}
