import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { toError } from '../../base/errors';
import type { RunStatus } from '../../protocol/run/status';
import { errorCode } from '../files';
import { createdBy, type RunPaths, runPaths } from '../folder';
import type { Liveness } from '../liveness';
import { decodeUserNotes, NO_NOTES, type UserNotes } from '../user';
import { collectId, collectSummary, type RecordPart, sameSummary } from './collect';
import type { MetricDigest } from './digest';
import { LiveFiles } from './liveFiles';
import { currentStatus } from './liveStatus';
import type { CachedRun, PackedRun } from './packed';
import { digestMetrics, readRecord, silenceOf, stampOf } from './runFiles';
import { type BrokenSummary, isActive, type RunSummary } from './summary';

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

/** What has been read of a run. It is let go of when no trainer is at work: of ten thousand runs, only their summaries are kept. */
class Reading {
  record: RecordPart | undefined;
  notes: UserNotes | undefined;
  digest: MetricDigest | undefined;
  live: LiveFiles | undefined;
  /** When the run was last seen to grow, by the context's clock; before it was first read, so far back as files tell. */
  grown: number | undefined;
}

/** Which state of a run's files was read. */
interface Stamps {
  readonly recordStamp: string | undefined;
  readonly userStamp: string | undefined;
}

/** One run folder: reads what has changed of it when asked to look, and keeps the summary of that. */
export class RunEntry {
  #summary: RunSummary | undefined;
  #created: number;
  #broken: BrokenSummary | undefined;
  #stamps: Stamps | undefined;
  #reading: Reading | undefined;
  /** Until when a trainer's first words are waited for, by the context's clock. */
  #awaitedUntil: number | undefined;
  #looked = false;
  /** Not to be shown yet: another process is reading it, and it would be a bare name before that. */
  hidden = false;
  /** No longer there. */
  gone = false;
  #looking: Promise<boolean> | undefined;

  constructor(
    readonly folder: string,
    private readonly context: EntryContext,
    id: string = path.basename(folder),
  ) {
    this.#created = createdBy(id);
  }

  get #paths(): RunPaths {
    return runPaths(this.folder);
  }

  /** As long as nothing has been read, what the folder's name says: put together only if somebody asks before that. */
  get summary(): RunSummary {
    return (this.#summary ??= collectId(this.folder));
  }

  /** When it was made (milliseconds since 1970): as its record says, or its folder's name before that is read. */
  get created(): number {
    return this.#created;
  }

  /** Why it cannot be read; undefined where it can. */
  get broken(): BrokenSummary | undefined {
    return this.#broken;
  }

  /** True where a trainer is at work on it, or about to be, so that it is worth looking often. */
  get live(): boolean {
    return (
      this.#reading?.live !== undefined ||
      (this.#awaitedUntil !== undefined && this.context.clock() < this.#awaitedUntil)
    );
  }

  /** A trainer has been started: what stands in the record now is about an earlier one. */
  awaitTrainer(): void {
    this.#awaitedUntil = this.context.clock() + MAY_START;
  }

  /** True once it has been looked at. */
  get looked(): boolean {
    return this.#looked;
  }

  /** True where more is known than what its folder's name says. */
  get known(): boolean {
    return this.#looked || this.#stamps?.recordStamp !== undefined;
  }

  /**
   * Takes over what was known when it was looked at last: in another session, so that it is still to be looked at, or
   * (`now`) by another process just now.
   */
  adopt(run: PackedRun, now = false): void {
    if (this.#looked) return;
    this.#stamps = run;
    this.#summary = run;
    this.#created = run.created;
    this.#looked = now;
  }

  /** What another session may take over; undefined while a trainer is at work, or where there is nothing to know. */
  get cached(): CachedRun | undefined {
    const recordStamp = this.#stamps?.recordStamp;
    const userStamp = this.#stamps?.userStamp;
    if (recordStamp === undefined || userStamp === undefined) return undefined;
    if (this.live || this.#broken !== undefined || this.summary.status === undefined) return undefined;
    return { recordStamp, userStamp, summary: this.summary };
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
      const changed = recordStamp !== this.#stamps?.recordStamp;
      const noted = userStamp !== this.#stamps?.userStamp;
      if (!changed && !noted && !this.live) return false;
      const reading = (this.#reading ??= new Reading());
      if (changed) await this.readRecord(reading, recordStamp);
      reading.record ??= await readRecord(this.#paths);
      if (noted || reading.notes === undefined) reading.notes = await this.readNotes(userStamp);
      reading.digest = await this.follow(reading, reading.record, changed);
      return await this.publish(reading.record, reading.notes, reading.digest);
    } catch (thrown) {
      return this.failed(thrown);
    } finally {
      if (!this.live) this.#reading = undefined;
    }
  }

  private async readRecord(reading: Reading, stamp: string): Promise<void> {
    if (stamp === '') throw new Error('it has no run.json');
    reading.record = await readRecord(this.#paths);
    this.#stamps = { recordStamp: stamp, userStamp: this.#stamps?.userStamp };
    if (!this.#looked) return;
    reading.grown = this.context.clock();
    this.#awaitedUntil = undefined;
  }

  private async readNotes(stamp: string): Promise<UserNotes> {
    this.#stamps = { recordStamp: this.#stamps?.recordStamp, userStamp: stamp };
    if (stamp === '') return NO_NOTES;
    try {
      return decodeUserNotes(await fs.readFile(this.#paths.user, 'utf8'), this.#paths.user);
    } catch (thrown) {
      this.context.warn(toError(thrown).message);
      return NO_NOTES;
    }
  }

  /** Follows the files of a run at work; those of one that has ended are read once more, to their end. */
  private async follow(reading: Reading, record: RecordPart, changed: boolean): Promise<MetricDigest> {
    if (!isActive(record) && reading.live === undefined) {
      const { digest } = reading;
      return changed || digest === undefined ? digestMetrics(this.#paths) : digest;
    }
    reading.grown ??= this.context.clock() - (await silenceOf(this.#paths, Date.now()));
    const known = reading.live !== undefined;
    reading.live ??= new LiveFiles(this.#paths);
    // What stands there when it is read first may be old.
    if ((await reading.live.read()) && known) reading.grown = this.context.clock();
    return reading.live.digest;
  }

  private async publish(record: RecordPart, notes: UserNotes, digest: MetricDigest): Promise<boolean> {
    const { clock, ...context } = this.context;
    const reading = this.#reading;
    const status: RunStatus = await currentStatus(record, {
      ...context,
      lock: this.#paths.lock,
      silent: reading?.grown === undefined ? Infinity : clock() - reading.grown,
    });
    const next = collectSummary({
      folder: this.folder,
      record,
      status,
      notes,
      digest,
      activity: reading?.live?.activity,
    });
    if (reading !== undefined && !isActive(next)) reading.live = undefined;
    const mended = this.#broken !== undefined;
    this.#broken = undefined;
    if (!mended && sameSummary(this.summary, next)) return false;
    this.#summary = next;
    this.#created = next.created;
    return true;
  }

  private failed(thrown: unknown): boolean {
    const reading = this.#reading;
    // Another program holds the file for a moment: what was known stands, and the next look tries again.
    const code = errorCode(thrown);
    if (code !== undefined && code !== 'ENOENT' && this.summary.status !== undefined) return false;
    const why = toError(thrown).message;
    this.#stamps = { recordStamp: undefined, userStamp: this.#stamps?.userStamp };
    if (reading !== undefined) reading.live = undefined;
    if (this.#broken?.why === why) return false;
    const { id, created } = this.summary;
    this.#broken = { folder: this.folder, id, created, why };
    return true;
  }
}
