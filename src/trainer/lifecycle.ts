import { EigenloomError, toError } from '../base/errors';
import { decodeExperiment } from '../protocol/experiment/parse';
import { decodeMetricLine } from '../protocol/run/lines';
import type { RunStatus } from '../protocol/run/status';
import { listCheckpoints } from '../runs/checkpoints';
import { removeQuietly, removeTemporary } from '../runs/files';
import { type RunPaths, runPaths } from '../runs/folder';
import { filterLines, LineTail } from '../runs/lines';
import { takeLock } from '../runs/lock';
import { thisProcess } from '../runs/process';
import { freeReserve } from '../runs/reserve';
import type { Checkpoint, Train } from './context';
import { EXIT, exitCodeOf } from './exit';
import { machineFacts, versionFacts } from './machine';
import { withPlace } from './places';
import { failureOf, Recorder } from './recorder';
import { openSession, type Session, writeLog } from './session';

/**
 * Trains the run of a folder in this process, from its latest checkpoint if it has one, and records how it went.
 * Returns the exit code. Only one process at a time gets past the run's lock; nothing is changed before that.
 */
export async function runTrainer(folder: string, train: Train): Promise<number> {
  const paths = runPaths(folder);
  let release: () => void;
  let recorder: Recorder;
  try {
    recorder = new Recorder(paths);
    release = takeLock(paths.lock);
  } catch (thrown) {
    writeLog(paths.log, toError(thrown).message);
    return exitCodeOf(thrown);
  }
  try {
    if (recorder.record.status === 'done') {
      writeLog(paths.log, 'the run is done already');
      return EXIT.done;
    }
    const placed: Train = async (context) => {
      try {
        return await train(context);
      } catch (thrown) {
        throw withPlace(thrown, { ...recorder.record.source, copy: paths.config });
      }
    };
    return await trainLocked(paths, recorder, placed);
  } finally {
    removeQuietly(paths.stop);
    freeReserve(paths);
    release();
  }
}

async function trainLocked(paths: RunPaths, recorder: Recorder, train: Train): Promise<number> {
  let session: Session | undefined;
  const fail = (thrown: unknown): number => {
    freeReserve(paths);
    writeLog(paths.log, toError(thrown).stack ?? String(thrown));
    finish(recorder, 'failed', thrown);
    return exitCodeOf(thrown);
  };
  const crash = (thrown: unknown): void => {
    process.exitCode = fail(thrown);
    removeQuietly(paths.lock);
    process.exit();
  };
  const stop = (): void => session?.requestStop();
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    const resume = prepare(paths, recorder);
    const experiment = decodeExperiment(recorder.record.config, paths.record);
    session = openSession({ paths, recorder, experiment, resume });
    const outcome = await train(session.context);
    session.close();
    freeReserve(paths);
    finish(recorder, outcome);
    return EXIT.done;
  } catch (thrown) {
    try {
      session?.close();
    } catch (second) {
      writeLog(paths.log, toError(second).message);
    }
    return fail(thrown);
  } finally {
    process.off('uncaughtException', crash);
    process.off('unhandledRejection', crash);
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

/**
 * Makes the folder ready to go on from its latest checkpoint: removes half-written files, cuts the metrics back to
 * the checkpoint's step, and records that this process is at work.
 */
function prepare(paths: RunPaths, recorder: Recorder): Checkpoint | undefined {
  removeTemporary(paths.folder);
  removeTemporary(paths.checkpoints);
  const resume = listCheckpoints(paths.checkpoints)[0];
  const from = resume?.step ?? -1;
  filterLines(paths.metrics, (line) => {
    const metric = decodeMetricLine(line);
    return metric !== undefined && metric.step <= from;
  });
  const kept = new LineTail(paths.metrics).read().flatMap((line) => decodeMetricLine(line) ?? []);
  recorder.replay(kept);
  const now = new Date().toISOString();
  const { started, resumed_from: before = [] } = recorder.record;
  recorder.update({
    status: 'running',
    process: thisProcess(),
    started: started ?? now,
    ended: undefined,
    error: undefined,
    machine: machineFacts(),
    versions: versionFacts(),
    ...(started === undefined ? {} : { resumed_from: [...before, resume?.step ?? 0] }),
  });
  return resume;
}

function finish(recorder: Recorder, status: RunStatus, thrown?: unknown): void {
  try {
    recorder.update({
      status,
      ended: new Date().toISOString(),
      error: thrown === undefined ? undefined : failureOf(thrown),
    });
  } catch (second) {
    // The folder is read-only or gone, or something else has filled the disk again: the run then counts as
    // interrupted, which is what it is.
    if (!(second instanceof EigenloomError)) throw second;
  }
}
