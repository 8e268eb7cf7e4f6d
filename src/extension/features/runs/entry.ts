import * as fs from 'node:fs/promises';
import { toError } from '../../../base/errors';
import type { RunStatus } from '../../../protocol/run/status';
import { errorCode } from '../../../runs/files';
import { type RunPaths, runPaths } from '../../../runs/folder';
import type { Liveness } from '../../../runs/liveness';
import { decodeUserNotes, NO_NOTES, type UserNotes } from '../../../runs/user';
import type { CachedRun } from './cache';
import { collectId, collectSummary, type RecordPart, sameSummary } from './collect';
import { MetricDigest } from './digest';
import { LiveFiles } from './liveFiles';
import { currentStatus } from './liveStatus';
import { digestMetrics, readRecord, silenceOf, stampOf } from './runFiles';
import { type BrokenSummary, isActive, type RunSummary } from './summary';

/** What stands for the metrics of a run that was not looked at: nothing is ever added to it. */
const NO_METRICS = new MetricDigest();

/** How long (ms) a trainer that has been started may take for its first words before nobody waits for them. */
const MAY_START = 60_000;

/** What reading a run needs of its surroundings. */
export interface EntryContext {
  readonly liveness: Liveness;
  readonly hostname: string;
  readonly warn: (text: string) => void;
  /** Milliseconds since whenever, by a clock that nobody sets. */
  readonly clock: () => number;
}

/** One run folder: reads what has changed of it when asked to look, and keeps the summary of that. */
export class RunEntry {
  #summary: RunSummary;
  #broken: BrokenSummary | undefined;
  #recordStamp: string | undefined;
  #userStamp: string | undefined;
  #record: RecordPart | undefined;
  #notes: UserNotes = NO_NOTES;
  #digest = NO_METRICS;
  #live: LiveFiles | undefined;
  /** When it was last seen to grow, by the context's clock; before it was first read, so far back as files tell. */
  #grown: number | undefined;
  /** Until when a trainer's first words are waited for, by the context's clock. */
  #awaitedUntil = -Infinity;
  #looked = false;
  #looking: Promise<boolean> | undefined;

  constructor(
    readonly folder: string,
    private readonly context: EntryContext,
  ) {
    this.#summary = collectId(folder);
  }

  /** Made when asked for: ten thousand runs are listed at once, and looked at one by one. */
  get #paths(): RunPaths {
    return runPaths(this.folder);
  }

  get summary(): RunSummary {
    return this.#summary;
  }

  /** Why it cannot be read; undefined where it can. */
  get broken(): BrokenSummary | undefined {
    return this.#broken;
  }

  /** True where a trainer is at work on it, or about to be, so that it is worth looking often. */
  get live(): boolean {
    return this.#live !== undefined || this.context.clock() < this.#awaitedUntil;
  }

  /** A trainer has been started: what stands in the record now is about an earlier one. */
  awaitTrainer(): void {
    this.#awaitedUntil = this.context.clock() + MAY_START;
  }

  /** True once it has been looked at. */
  get looked(): boolean {
    return this.#looked;
  }

  /** Takes over what was known when it was looked at last, in another session; it is still to be looked at. */
  adopt({ recordStamp, userStamp, summary }: CachedRun): void {
    if (this.#looked) return;
    this.#recordStamp = recordStamp;
    this.#userStamp = userStamp;
    this.#summary = summary;
  }

  /** What another session may take over; undefined while a trainer is at work, or where there is nothing to know. */
  get cached(): CachedRun | undefined {
    const stamps = { recordStamp: this.#recordStamp, userStamp: this.#userStamp };
    if (stamps.recordStamp === undefined || stamps.userStamp === undefined) return undefined;
    if (this.live || this.#broken !== undefined || this.#summary.status === undefined) return undefined;
    return { recordStamp: stamps.recordStamp, userStamp: stamps.userStamp, summary: this.#summary };
  }

  /** Reads what has changed; true where the summary is another then. */
  look(): Promise<boolean> {
    return (this.#looking ??= this.lookNow().finally(() => {
      this.#looked = true;
      this.#looking = undefined;
    }));
  }

  private async lookNow(): Promise<boolean> {
    const { record, user } = this.#paths;
    try {
      const [recordStamp, userStamp] = await Promise.all([stampOf(record), stampOf(user)]);
      // It was moved away as a whole: whoever lists the runs will see.
      if (recordStamp === '' && (await stampOf(this.folder)) === '') return false;
      const changed = recordStamp !== this.#recordStamp;
      const noted = userStamp !== this.#userStamp;
      if (!changed && !noted && !this.live) return false;
      // A summary that was taken over has no record behind it.
      if (changed || this.#record === undefined) await this.readRecord(recordStamp);
      if (noted || this.#notes === NO_NOTES) await this.readNotes(userStamp);
      await this.follow(changed);
      return await this.publish();
    } catch (thrown) {
      return this.failed(thrown);
    }
  }

  private async readRecord(stamp: string): Promise<void> {
    if (stamp === '') throw new Error('it has no run.json');
    const known = this.#record !== undefined;
    this.#record = await readRecord(this.#paths);
    this.#recordStamp = stamp;
    if (!known) return;
    this.#grown = this.context.clock();
    this.#awaitedUntil = -Infinity;
  }

  private async readNotes(stamp: string): Promise<void> {
    this.#userStamp = stamp;
    this.#notes = NO_NOTES;
    if (stamp === '') return;
    try {
      this.#notes = decodeUserNotes(await fs.readFile(this.#paths.user, 'utf8'), this.#paths.user);
    } catch (thrown) {
      this.context.warn(toError(thrown).message);
    }
  }

  /** Follows the files of a run at work; those of one that has ended are read once more, to their end. */
  private async follow(changed: boolean): Promise<void> {
    const active = isActive({ status: this.#record?.status });
    if (active || this.#live !== undefined) {
      this.#grown ??= this.context.clock() - (await silenceOf(this.#paths, Date.now()));
      const known = this.#live !== undefined;
      this.#live ??= new LiveFiles(this.#paths);
      // What stands there when it is read first may be old.
      if ((await this.#live.read()) && known) this.#grown = this.context.clock();
      this.#digest = this.#live.digest;
    } else if (changed || this.#digest.lines === 0) this.#digest = await digestMetrics(this.#paths);
  }

  private async publish(): Promise<boolean> {
    const record = this.#record;
    if (record === undefined) return false;
    const { clock, ...context } = this.context;
    const status: RunStatus = await currentStatus(record, {
      ...context,
      lock: this.#paths.lock,
      silent: this.#grown === undefined ? Infinity : clock() - this.#grown,
    });
    const next = collectSummary({
      folder: this.folder,
      record,
      status,
      notes: this.#notes,
      digest: this.#digest,
      activity: this.#live?.activity,
    });
    if (!isActive(next)) this.#live = undefined;
    const mended = this.#broken !== undefined;
    this.#broken = undefined;
    if (!mended && sameSummary(this.#summary, next)) return false;
    this.#summary = next;
    return true;
  }

  private failed(thrown: unknown): boolean {
    // Another program holds the file for a moment: what was known stands, and the next look tries again.
    const code = errorCode(thrown);
    if (code !== undefined && code !== 'ENOENT' && this.#record !== undefined) return false;
    const why = toError(thrown).message;
    this.#recordStamp = undefined;
    this.#live = undefined;
    if (this.#broken?.why === why) return false;
    const { id, created } = this.#summary;
    this.#broken = { folder: this.folder, id, created, why };
    return true;
  }
}
