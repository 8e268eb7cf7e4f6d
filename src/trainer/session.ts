import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { RunError } from '../base/errors';
import type { Experiment } from '../protocol/experiment/types';
import type { RunEvent } from '../protocol/run/events';
import type { MetricLine } from '../protocol/run/metrics';
import { listCheckpoints, saveCheckpoint } from '../runs/checkpoints';
import { writeFileAtomic, writeFolderAtomic } from '../runs/files';
import { jsonText, type RunPaths } from '../runs/folder';
import { LineAppender } from '../runs/lines';
import { ChangeLog } from './changeLog';
import type { Checkpoint, TrainContext } from './context';
import type { Recorder } from './recorder';

/** Progress notes about the same work are at least this far apart (ms). */
const NOTE_EVERY = 100;
/** How often (ms) a stop request is looked for while the event loop turns. */
const LOOK_EVERY = 200;

/** What a training session needs of the process around it. */
export interface SessionInput {
  readonly paths: RunPaths;
  readonly recorder: Recorder;
  readonly experiment: Experiment;
  readonly resume: Checkpoint | undefined;
}

/** A session: what the training loop is given, and what the lifecycle ends it with. */
export interface Session {
  readonly context: TrainContext;
  /** Asks the loop to stop, as the `stop` file does. */
  readonly requestStop: () => void;
  /** Brings everything to the disk and closes the files. */
  readonly close: () => void;
}

/** Opens the files that a run appends to, and makes the loop's context over them. */
export function openSession({ paths, recorder, experiment, resume }: SessionInput): Session {
  const metrics = new LineAppender(paths.metrics);
  const events = new LineAppender(paths.events);
  const abort = new AbortController();
  const stopAsked = (): boolean => {
    if (!abort.signal.aborted && existsSync(paths.stop)) abort.abort();
    return abort.signal.aborted;
  };
  const watch = setInterval(stopAsked, LOOK_EVERY);
  watch.unref();

  const log = (line: string): void => {
    writeLog(paths.log, line);
  };
  const tell = (event: RunEvent): void => {
    events.append(JSON.stringify(event));
  };
  tell({
    time: new Date().toISOString(),
    kind: 'started',
    step: resume?.step ?? 0,
    metrics_bytes: metrics.size,
  });
  const warn = (text: string): void => {
    log(`warning: ${text}`);
    tell({ time: new Date().toISOString(), kind: 'warning', text });
  };
  const changes = new ChangeLog(paths.changes, recorder.record.last_eval?.step ?? -1, (text) => {
    try {
      warn(text);
    } catch {
      // Nothing can be written at all: the metrics will say so.
    }
  });
  let noted = { what: '', at: -Infinity };

  const context: TrainContext = {
    folder: paths.folder,
    experiment,
    resume,
    recorded: recorder.record,
    signal: abort.signal,
    stopRequested: stopAsked,
    checkpoints: {
      latest: () => listCheckpoints(paths.checkpoints)[0],
      save: async (step, write) => {
        changes.flush();
        metrics.flush();
        return saveCheckpoint(paths.checkpoints, step, experiment.checkpoint.keep, write);
      },
    },
    emit: (line) => {
      refuseNonFinite(line, paths.metrics);
      metrics.append(JSON.stringify(line));
      recorder.metric(line);
    },
    emitChange: (line) => {
      changes.append(line);
    },
    log,
    warn,
    progress: (note) => {
      // Not by the clock of the day, which may be set back.
      const now = performance.now();
      if (note.what === noted.what && note.fraction !== 1 && now - noted.at < NOTE_EVERY) return;
      noted = { what: note.what, at: now };
      tell({ time: new Date().toISOString(), kind: 'progress', ...note });
    },
    record: (facts) => {
      recorder.facts(facts);
    },
    writeJson: (name, value) => {
      writeFileAtomic(join(paths.folder, name), jsonText(value));
    },
    saveAdapter: async (write) => {
      await writeFolderAtomic(paths.adapter, write);
      return paths.adapter;
    },
  };
  return {
    context,
    requestStop: () => {
      abort.abort();
    },
    close: () => {
      clearInterval(watch);
      changes.close();
      metrics.flush();
      metrics.close();
      events.close();
    },
  };
}

/** Adds a line to `log.txt`. A log that cannot be written ends no run. */
export function writeLog(path: string, line: string): void {
  try {
    appendFileSync(path, `${new Date().toISOString()} ${line}\n`);
  } catch {
    // The disk is full or gone: the run's own files will say so.
  }
}

function refuseNonFinite(line: MetricLine, file: string): void {
  for (const [key, value] of Object.entries(line)) {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new RunError({
        what: 'a metric is no finite number',
        file,
        key,
        got: `${value} at step ${line.step} (${line.split})`,
        expected: 'a finite number',
      });
    }
  }
}
