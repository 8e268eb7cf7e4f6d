import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { isRecord } from '../../../src/base/guards';

/** What a command left behind. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command at work. */
export interface Running {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  /** What it has printed on standard error so far. */
  readonly said: () => string;
}

/**
 * A folder with the command line's own bundle, a trainer without a model beside it, an experiment, and a place for
 * runs. Remove it by `close`.
 */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'eigenloom-cli-'));
  readonly runs = join(this.folder, 'runs');

  async open(): Promise<void> {
    const source = join(import.meta.dirname, '..', '..', '..', 'src', 'trainer', 'cli.ts');
    const fake = join(import.meta.dirname, 'fakeTrainer.ts');
    const common = { bundle: true, platform: 'node', format: 'cjs', logLevel: 'warning' } as const;
    await build({ ...common, entryPoints: [source], outfile: join(this.folder, 'cli.js') });
    await build({ ...common, entryPoints: [fake], outfile: join(this.folder, 'trainer.js') });
    mkdirSync(join(this.folder, 'model'));
    writeFileSync(join(this.folder, 'rows.jsonl'), '{"t":"a"}\n');
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Writes an experiment whose name says what the trainer does, and returns its path. */
  experiment(name: string, steps = 30): string {
    const file = join(this.folder, `${name}.tune.yaml`);
    writeFileSync(
      file,
      `# ${name}\nmodel: model\ndata: { train: rows.jsonl, text: "{t}", eval: rows.jsonl }\n` +
        `training: { max_steps: ${steps} }\ncheckpoint: { every: 10 }\n`,
    );
    return file;
  }

  start(...words: string[]): Running {
    const child = spawn(process.execPath, [join(this.folder, 'cli.js'), ...words], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const outcome = new Promise<Outcome>((resolve) => {
      child.once('close', (code) => resolve({ code, stdout, stderr }));
    });
    return { child, outcome, said: () => stderr };
  }

  async run(...words: string[]): Promise<Outcome> {
    return this.start(...words).outcome;
  }

  /** The folders of the runs whose id has `name` in it. */
  found(name: string): string[] {
    if (!existsSync(this.runs)) return [];
    return readdirSync(this.runs)
      .filter((id) => id.includes(name) && !id.startsWith('.'))
      .map((id) => join(this.runs, id))
      .filter((folder) => existsSync(join(folder, 'run.json')));
  }

  /** Waits until a run of that name is there, and returns its folder. */
  async appears(name: string): Promise<string> {
    return until(() => this.found(name)[0]);
  }
}

/** Lets the trainer of a run go on after step 12 only when `release` is called. */
export function hold(folder: string): { release: () => void } {
  const file = `${folder}.hold`;
  writeFileSync(file, '');
  return { release: () => rmSync(file, { force: true }) };
}

/** Waits for something; the test's own time limit ends it. */
export async function until<T>(look: () => T | undefined | false): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await sleep(10);
  }
}

/** `run.json` of a run folder. */
export function recordOf(folder: string): Record<string, unknown> {
  const value: unknown = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
  if (!isRecord(value)) throw new TypeError('run.json holds no object');
  return value;
}

/** The number of the process that trains a run, once it says so; not `other`, which trained it before. */
export async function trainerOf(folder: string, other?: number): Promise<number> {
  return until(() => {
    const { status, process: trainer } = recordOf(folder);
    if (status !== 'running' || !isRecord(trainer) || typeof trainer.pid !== 'number') return undefined;
    return trainer.pid === other ? undefined : trainer.pid;
  });
}

/** `metrics.jsonl` as it is. */
export function metricsOf(folder: string): string {
  const file = join(folder, 'metrics.jsonl');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
