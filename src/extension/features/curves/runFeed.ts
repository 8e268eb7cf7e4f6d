import { readFile, stat } from 'node:fs/promises';
import { InputError } from '../../../base/errors';
import { decodeRunRecord } from '../../../protocol/run/decode';
import type { RunRecord } from '../../../protocol/run/record';
import { errorCode } from '../../../runs/files';
import { runPaths, type RunPaths } from '../../../runs/folder';
import type { ReadState } from './collect';
import { Breath } from '../../../runs/breath';
import { decodeNumbers } from './metricLine';
import { MetricsTail } from './metricsTail';
import { RunTables } from './runTables';

/** How long (ms) one poll reads on before what it has is shown. */
const SLICE = 200;

/** One run's files, followed: its record, and its metrics as columns. */
export class RunFeed {
  readonly tables = new RunTables();
  readonly #paths: RunPaths;
  readonly #tail: MetricsTail;
  #record: RunRecord | undefined;
  /** When the record was last written, as far as it has been read. */
  #recordTime = NaN;
  #read = 0;
  #polling: Promise<boolean> | undefined;

  constructor(folder: string) {
    this.#paths = runPaths(folder);
    this.#tail = new MetricsTail(this.#paths.metrics);
  }

  get record(): RunRecord | undefined {
    return this.#record;
  }

  /** True once all that there was has been read. */
  get complete(): boolean {
    return this.#read === 1;
  }

  get state(): ReadState {
    const { train } = this.tables;
    const loss = train.metric('loss');
    return {
      step: train.length === 0 ? 0 : train.axes.step.at(train.length - 1),
      loss: loss === undefined || loss.last < 0 ? undefined : loss.column.at(loss.last),
      read: this.#read,
    };
  }

  /** Reads what is new, for a moment: whether there was anything. One that is at work already is waited for. */
  poll(): Promise<boolean> {
    this.#polling ??= this.readOn().finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  private async readOn(): Promise<boolean> {
    const recordChanged = await this.readRecord();
    return (await this.readMetrics()) || recordChanged;
  }

  private async readMetrics(): Promise<boolean> {
    const breath = new Breath();
    const begun = performance.now();
    let changed = false;
    const before = this.#read;
    for await (const event of this.#tail.read()) {
      changed = true;
      if (event.kind === 'restarted') {
        this.tables.clear();
        continue;
      }
      for (const line of event.lines) {
        const numbers = decodeNumbers(line);
        if (numbers !== undefined) this.tables.append(numbers);
      }
      this.#read = event.fraction;
      if (performance.now() - begun > SLICE && event.fraction < 1) return true;
      await breath.take();
    }
    this.#read = 1;
    return changed || before < 1;
  }

  private async readRecord(): Promise<boolean> {
    try {
      const { mtimeMs } = await stat(this.#paths.record);
      if (mtimeMs === this.#recordTime) return false;
      const value: unknown = JSON.parse(await readFile(this.#paths.record, 'utf8'));
      this.#record = decodeRunRecord(value, this.#paths.record);
      this.#recordTime = mtimeMs;
      return true;
    } catch (thrown) {
      // Gone, or broken: the list of runs says so; what was read of it before stays.
      const known = errorCode(thrown) === 'ENOENT' || thrown instanceof InputError;
      if (!known && !(thrown instanceof SyntaxError)) throw thrown;
      return false;
    }
  }
}
