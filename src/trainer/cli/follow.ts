import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../../base/errors';
import { decodeRunRecord } from '../../protocol/run/decode';
import { decodeEvent, decodeMetricLine } from '../../protocol/run/lines';
import { errorCode } from '../../runs/files';
import type { RunPaths } from '../../runs/folder';
import { LineTail } from '../../runs/lines';
import { readRun } from '../../runs/store';
import type { Trainer, TrainerEnd } from '../../launch/trainerProcess';
import type { RunView } from './view';

/** How often (ms) the files of a run are looked at. */
const LOOK_EVERY = 100;

/** Follows what a run appends to its files. Made before the trainer starts, so that it knows what was there. */
export class Follower {
  readonly #paths: RunPaths;
  readonly #view: RunView;
  readonly #events: LineTail;
  #metrics: LineTail | undefined;
  #recordRead = '';

  constructor(paths: RunPaths, view: RunView) {
    this.#paths = paths;
    this.#view = view;
    this.#events = new LineTail(paths.events);
    this.#events.read();
  }

  /** Shows what happens until the trainer ends. */
  async follow(trainer: Trainer): Promise<TrainerEnd> {
    let end: TrainerEnd | undefined;
    const ended = trainer.ended.then((how) => {
      end = how;
    });
    for (;;) {
      const last = end;
      this.#look();
      if (last !== undefined) return last;
      await Promise.race([sleep(LOOK_EVERY), ended]);
    }
  }

  #look(): void {
    for (const text of this.#events.read()) {
      const event = decodeEvent(text);
      if (event?.kind === 'started') this.#metrics = new LineTail(this.#paths.metrics, event.metrics_bytes);
      if (event !== undefined) this.#view.event(event);
    }
    // Nothing before the trainer has cut the metrics back to where it goes on.
    if (this.#metrics === undefined) return;
    // The record before the metrics: it has said how many steps there are before the first one ended.
    this.#readRecord();
    for (const text of this.#metrics.read()) {
      const line = decodeMetricLine(text);
      if (line !== undefined) this.#view.metric(text, line);
    }
  }

  #readRecord(): void {
    try {
      // Each writing makes a new file.
      const { ino, mtimeMs } = statSync(this.#paths.record);
      const version = `${ino} ${mtimeMs}`;
      if (version === this.#recordRead) return;
      this.#recordRead = version;
      this.#view.record(readRun(this.#paths.folder, decodeRunRecord).record);
    } catch (thrown) {
      // The display can do without; the end of the run reads it again and reports.
      if (!(thrown instanceof InputError) && errorCode(thrown) === undefined) throw thrown;
    }
  }
}
