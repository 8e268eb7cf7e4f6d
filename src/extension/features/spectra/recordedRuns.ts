import * as path from 'node:path';
import type { Listen } from '../../../base/emitter';
import { runPaths } from '../../../runs/folder';
import type { FollowedSubject } from '../../follower';
import type { RunSource } from '../curves/session';
import { stampOf } from '../../../runs/survey/runFiles';
import { isActive } from '../../../runs/survey/summary';
import { ChangeFeed } from './changeFeed';
import type { ChangeCalls, TrainedRun, TrainingFeed, TrainingSource } from './source';

/** Of an experiment, so many of its newest runs may have recorded changes. */
const LOOKED_AT = 20;

/** What the runs of the workspace recorded of their changes. */
export class RecordedRuns implements TrainingSource {
  readonly onDidChange: Listen<void>;

  constructor(
    private readonly runs: RunSource,
    private readonly calls: ChangeCalls,
  ) {
    this.onDidChange = runs.onDidChange;
  }

  async find({ kind, path: named }: FollowedSubject): Promise<TrainedRun | undefined> {
    if (kind === 'model') return undefined;
    const folders =
      kind === 'run'
        ? [named]
        : this.runs
            .runsOf(named)
            .slice(0, LOOKED_AT)
            .map(({ folder }) => folder);
    for (const folder of folders) {
      if ((await stampOf(runPaths(folder).changes)) === '') continue;
      const run = this.runs.get(folder);
      return {
        folder,
        name: run?.label ?? path.basename(folder),
        live: run !== undefined && isActive(run),
      };
    }
    return undefined;
  }

  open({ folder }: TrainedRun): TrainingFeed {
    return new ChangeFeed(folder, this.calls);
  }
}
