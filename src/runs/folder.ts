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

const ID = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-(.+)-[0-9a-z]{4}$/u;

/** True for a folder's name that a run may have. */
export function isRunId(name: string): boolean {
  return ID.test(name);
}

/**
 * What a run's id alone tells: its name as far as an id holds it, and when it was made (milliseconds since 1970, to
 * the second). Undefined for a name that is no id.
 */
export function parseRunId(id: string): { name: string; created: number } | undefined {
  const [, year, month, day, hour, minute, second, name] = ID.exec(id) ?? [];
  if (name === undefined) return undefined;
  const created = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return { name, created };
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
