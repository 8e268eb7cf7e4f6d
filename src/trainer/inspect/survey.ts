import * as os from 'node:os';
import { Liveness } from '../../runs/liveness';
import { type CachedRun, encodeRuns } from '../../runs/survey/packed';
import { RunEntry } from '../../runs/survey/entry';
import { inParallel } from '../../runs/survey/pool';

/** How many runs are read at the same time: the system has four threads for it. */
const WIDTH = 8;

/** What is known of run folders; see `inspectorApi.survey`. */
export async function surveyRuns(folders: readonly string[]): Promise<string[]> {
  const context = {
    liveness: new Liveness(),
    hostname: os.hostname(),
    warn: (text: string) => void process.stderr.write(`${text}\n`),
    clock: () => performance.now(),
  };
  const runs: CachedRun[] = [];
  await inParallel(folders, WIDTH, async (folder) => {
    const entry = new RunEntry(folder, context);
    await entry.look();
    const { cached } = entry;
    if (cached !== undefined) runs.push(cached);
  });
  return [...encodeRuns(runs)];
}
