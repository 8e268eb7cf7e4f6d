import { toError } from '../../../base/errors';
import type { LowRankConfig } from '../../../protocol/experiment/types';
import { distinctNames } from '../../../protocol/panels/runNames';
import type { Ranks } from '../../../plan/ranks';
import type { FollowedSubject } from '../../follower';
import type { RunSource } from '../curves/session';
import type { RunSummary } from '../../../runs/survey/summary';
import { openRun, type OpenedSubject } from '../spectra/subject';
import { readRunRanks } from './runRanks';

/** So many runs are compared with: the newest. */
const MOST = 5;

/** A run whose ranks a board is compared with. */
export interface OtherRun {
  readonly folder: string;
  /** As the explorer names it, and more where several have that name. */
  readonly name: string;
  readonly adapter: LowRankConfig;
  readonly ranks: Ranks;
}

/** The finished runs of the experiment that a board is about, or of the run's experiment, the newest first. */
export function finishedRuns(runs: RunSource, { kind, path }: FollowedSubject): readonly RunSummary[] {
  if (kind === 'model') return [];
  const source = kind === 'run' ? (runs.get(path)?.source ?? '') : path;
  return runs
    .runsOf(source)
    .filter(({ folder, status, method }) => folder !== path && status === 'done' && method !== 'full')
    .slice(0, MOST);
}

/** Those of them that trained an adapter on the same model, with their ranks; `skipped` is told of what cannot be read. */
export async function otherRuns(
  summaries: readonly RunSummary[],
  { model, layers }: OpenedSubject,
  skipped: (folder: string, error: Error) => void,
): Promise<OtherRun[]> {
  const names = distinctNames(summaries, new Date());
  const found = await Promise.all(
    summaries.map(async ({ folder, label }, index): Promise<OtherRun[]> => {
      try {
        const run = await openRun(folder);
        if (run.model !== model || run.adapter.method === 'full') return [];
        const { adapter } = run;
        return [
          {
            folder,
            name: names[index] ?? label,
            adapter,
            ranks: await readRunRanks(folder, adapter, layers),
          },
        ];
      } catch (thrown) {
        skipped(folder, toError(thrown));
        return [];
      }
    }),
  );
  return found.flat();
}
