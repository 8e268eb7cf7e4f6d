import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../../base/errors';
import { decodeEvent, decodeMetricLine, decodeRunRecord } from '../../protocol/run/decode';
import type { RunPaths } from '../../runs/folder';
import { LineTail } from '../../runs/lines';
import { readRun } from '../../runs/store';
import type { Trainer, TrainerEnd } from '../launch';
import type { RunView } from './view';

/** How often (ms) the files of a run are looked at, and how often its record. */
const LOOK_EVERY = 100;
const RECORD_EVERY = 1000;

/** Follows what a run appends to its files. Made before the trainer starts, so that it knows what was there. */
export class Follower {
  readonly #paths: RunPaths;
  readonly #view: RunView;
  readonly #events: LineTail;
  #metrics: LineTail | undefined;
  #recordRead = -Infinity;

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
      this.#look(last !== undefined);
      if (last !== undefined) return last;
      await Promise.race([sleep(LOOK_EVERY), ended]);
    }
  }

  #look(now: boolean): void {
    for (const text of this.#events.read()) {
      const event = decodeEvent(text);
      if (event?.kind === 'started') this.#metrics = new LineTail(this.#paths.metrics, event.metrics_bytes);
      if (event !== undefined) this.#view.event(event);
    }
    // Nothing before the trainer has cut the metrics back to where it goes on.
    if (this.#metrics === undefined) return;
    if (now || Date.now() - this.#recordRead >= RECORD_EVERY) this.#readRecord();
    for (const text of this.#metrics.read()) {
      const line = decodeMetricLine(text);
      if (line !== undefined) this.#view.metric(text, line);
    }
  }

  #readRecord(): void {
    this.#recordRead = Date.now();
    try {
      this.#view.record(readRun(this.#paths.folder, decodeRunRecord).record);
    } catch (thrown) {
      // The display can do without; the end of the run reads it again and reports.
      if (!(thrown instanceof InputError)) throw thrown;
    }
  }
}
