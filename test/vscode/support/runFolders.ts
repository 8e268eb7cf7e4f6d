import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './until';

/** A line of a run's metrics, as far as it is looked at here. */
interface MetricLine {
  readonly step: number;
  readonly split: string;
  readonly loss: number;
}

/** A run as it lies on the disk: the truth that the views are held against. */
export class RunFolder {
  constructor(readonly folder: string) {}

  get id(): string {
    return this.folder.slice(this.folder.lastIndexOf('/') + 1);
  }

  get status(): string {
    const { status } = JSON.parse(readFileSync(join(this.folder, 'run.json'), 'utf8')) as { status: string };
    return status;
  }

  /** The process id of its trainer. */
  get pid(): number {
    const { process: trainer } = JSON.parse(readFileSync(join(this.folder, 'run.json'), 'utf8')) as {
      process?: { pid: number };
    };
    if (trainer === undefined) throw new Error(`${this.id} has had no trainer`);
    return trainer.pid;
  }

  /** The steps whose training loss has been written, in the order in which they stand. */
  get steps(): number[] {
    const file = join(this.folder, 'metrics.jsonl');
    if (!existsSync(file)) return [];
    const text = readFileSync(file, 'utf8');
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as MetricLine)
      .filter(({ split }) => split === 'train')
      .map(({ step }) => step);
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
}

/** The runs of a workspace, the newest last. */
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
