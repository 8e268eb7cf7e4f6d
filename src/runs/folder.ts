import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, writeFailure, writeFolderAtomic } from './files';

/** The paths in a run folder. Each is put together when it is asked for: of ten thousand runs, few are. */
export class RunPaths {
  constructor(readonly folder: string) {}

  /** `run.json`: what the run is and how it stands. */
  get record(): string {
    return join(this.folder, 'run.json');
  }

  /** The experiment file as it was. */
  get config(): string {
    return join(this.folder, 'config.tune.yaml');
  }

  get metrics(): string {
    return join(this.folder, 'metrics.jsonl');
  }

  /** What training has changed in each adapted weight, a line an evaluation. */
  get changes(): string {
    return join(this.folder, 'changes.jsonl');
  }

  /** Warnings and the progress of slow work, one object a line. */
  get events(): string {
    return join(this.folder, 'events.jsonl');
  }

  get log(): string {
    return join(this.folder, 'log.txt');
  }

  /** A file whose mere presence asks the trainer to stop: the one signal that every system has. */
  get stop(): string {
    return join(this.folder, 'stop');
  }

  get lock(): string {
    return join(this.folder, 'lock');
  }

  /** Space that is kept for the last words of a run whose disk is full. */
  get reserve(): string {
    return join(this.folder, 'reserve');
  }

  get checkpoints(): string {
    return join(this.folder, 'checkpoints');
  }

  get adapter(): string {
    return join(this.folder, 'adapter');
  }

  /** What the user added: never written by the trainer. */
  get user(): string {
    return join(this.folder, 'user.json');
  }
}

/** The paths in a run folder. */
export function runPaths(folder: string): RunPaths {
  return new RunPaths(folder);
}

const ID = /^\d{8}-\d{6}-.+-[0-9a-z]{4}$/u;

/** True for a folder's name that a run may have. */
export function isRunId(name: string): boolean {
  return ID.test(name);
}

/** The run's name, as far as its id holds it; the whole of what is no id. */
export function nameBy(id: string): string {
  return isRunId(id) ? id.slice(16, -5) : id;
}

/** When a run was made (milliseconds since 1970, to the second), as its id says; 0 where that is no id. */
export function createdBy(id: string): number {
  if (!isRunId(id)) return 0;
  const day = digitsOf(id, 0, 8);
  const time = digitsOf(id, 9, 15);
  return Date.UTC(
    Math.floor(day / 10_000),
    (Math.floor(day / 100) % 100) - 1,
    day % 100,
    Math.floor(time / 10_000),
    Math.floor(time / 100) % 100,
    time % 100,
  );
}

/** The number that stands in a text: ten thousand ids are read at once, so that nothing is made anew for each. */
function digitsOf(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) value = 10 * value + text.charCodeAt(i) - 0x30;
  return value;
}

/** An id for a run of that name: `20261124-180300-my-run-x7q2`, in UTC, so that ids sort by time. */
function makeId(name: string, now: Date): string {
  const [date = '', time = ''] = now.toISOString().split('T');
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/gu, '-')
    .slice(0, 40)
    .replace(/^-|-$/gu, '');
  const random = randomInt(36 ** 4)
    .toString(36)
    .padStart(4, '0');
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${slug === '' ? 'run' : slug}-${random}`;
}

/** What a new run folder is made of. */
export interface NewRun {
  readonly name: string;
  /** The experiment file's bytes. */
  readonly config: Uint8Array;
  /** Makes the content of `run.json` once the id is known. */
  readonly record: (id: string, created: Date) => unknown;
}

/** Creates a run folder below `root` (created too), complete or not at all. Throws `RunError`. */
export async function createRun(root: string, run: NewRun): Promise<RunPaths> {
  const created = new Date();
  const id = makeId(run.name, created);
  try {
    makeFolder(root);
  } catch (thrown) {
    throw writeFailure(thrown, root);
  }
  const folder = join(root, id);
  await writeFolderAtomic(folder, (temporary) => {
    const paths = runPaths(temporary);
    writeFileSync(paths.config, run.config);
    writeFileSync(paths.record, jsonText(run.record(id, created)));
    mkdirSync(paths.checkpoints);
  });
  return runPaths(folder);
}

/** JSON as it stands in the files of a run: indented, with a newline at the end. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
