import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './until';

/** A line of a run's metrics, as far as it is looked at here. */
interface MetricLine {
  readonly step: number;
  readonly split: string;
  readonly loss: number;
}

/** `run.json`, as far as it is looked at here. */
interface RunRecord {
  readonly name: string;
  readonly status: string;
  readonly process?: { readonly pid: number };
  readonly facts?: { readonly device?: { readonly reason: string } };
}

/** A run as it lies on the disk: the truth that the views are held against. */
export class RunFolder {
  constructor(readonly folder: string) {}

  get id(): string {
    return this.folder.slice(this.folder.lastIndexOf('/') + 1);
  }

  get status(): string {
    return this.#record().status;
  }

  /** The name of its experiment. */
  get name(): string {
    return this.#record().name;
  }

  /** Why it trains on the device that it does. */
  get deviceReason(): string | undefined {
    return this.#record().facts?.device?.reason;
  }

  /** The process id of its trainer. */
  get pid(): number {
    const { process: trainer } = this.#record();
    if (trainer === undefined) throw new Error(`${this.id} has had no trainer`);
    return trainer.pid;
  }

  /** The steps whose training loss has been written, in the order in which they stand. */
  get steps(): number[] {
    return this.metrics
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as MetricLine)
      .filter(({ split }) => split === 'train')
      .map(({ step }) => step);
  }

  /** True where each of them follows the last: none is lost, none stands twice. */
  get unbroken(): boolean {
    return this.steps.every((step, index) => step === index + 1);
  }

  /** The whole lines of its metrics, as they are. */
  get metrics(): string {
    const file = join(this.folder, 'metrics.jsonl');
    if (!existsSync(file)) return '';
    const text = readFileSync(file, 'utf8');
    return text.slice(0, text.lastIndexOf('\n') + 1);
  }

  /** The names of its complete checkpoints. */
  get checkpoints(): string[] {
    return readdirSync(join(this.folder, 'checkpoints')).filter((name) => name.startsWith('step-'));
  }

  /** Waits until it has a checkpoint. */
  async hasCheckpoint(): Promise<void> {
    await until(`${this.id} to have a checkpoint`, () => this.checkpoints.length > 0, 90_000);
  }

  /** Waits until it has come to a status. */
  async reaches(status: string): Promise<void> {
    await until(`${this.id} to be ${status}`, () => this.status === status, 90_000);
  }

  /** Waits until it is some steps further than now. */
  async advances(steps: number): Promise<void> {
    const aim = (this.steps.at(-1) ?? 0) + steps;
    await until(`${this.id} to reach step ${aim}`, () => (this.steps.at(-1) ?? 0) >= aim, 90_000);
  }

  #record(): RunRecord {
    return JSON.parse(readFileSync(join(this.folder, 'run.json'), 'utf8')) as RunRecord;
  }
}

/** The runs in the `runs` folder of a workspace, or of another folder, the newest last. */
export function runsIn(workspace: string): RunFolder[] {
  const root = join(workspace, 'runs');
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => !name.startsWith('.') && existsSync(join(root, name, 'run.json')))
    .sort()
    .map((name) => new RunFolder(join(root, name)));
}

/** Does what makes a run, and waits for its folder. */
export async function madeBy(workspace: string, launch: () => Promise<void>): Promise<RunFolder> {
  const before = new Set(runsIn(workspace).map(({ id }) => id));
  await launch();
  return until('the new run', () => runsIn(workspace).find(({ id }) => !before.has(id)));
}
