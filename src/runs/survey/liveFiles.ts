import { decodeEvent } from '../../protocol/run/lines';
import type { RunPaths } from '../folder';
import { AsyncTail } from '../tail';
import { MetricDigest } from './digest';
import { addLines } from './runFiles';

/** Follows what a run at work appends to its files. No metric line is lost, and none counts twice. */
export class LiveFiles {
  readonly #metrics: AsyncTail;
  readonly #events: AsyncTail;
  #digest = new MetricDigest();
  #activity: string | undefined;

  constructor({ metrics, events }: RunPaths) {
    this.#metrics = new AsyncTail(metrics);
    this.#events = new AsyncTail(events);
  }

  get digest(): MetricDigest {
    return this.#digest;
  }

  /** The slow work outside the steps that the run is at. */
  get activity(): string | undefined {
    return this.#activity;
  }

  /** Reads what is new; true where there is something. */
  async read(): Promise<boolean> {
    let grown = false;
    for await (const { restarted, lines } of this.#events.read()) {
      if (restarted) this.#activity = undefined;
      for (const line of lines) this.note(line);
      grown = true;
    }
    for await (const { restarted, lines } of this.#metrics.read()) {
      if (restarted) this.#digest = new MetricDigest();
      addLines(this.#digest, lines);
      if (lines.length > 0) this.#activity = undefined;
      grown = true;
    }
    return grown;
  }

  private note(text: string): void {
    const event = decodeEvent(text);
    if (event?.kind === 'started') this.#activity = undefined;
    if (event?.kind !== 'progress') return;
    const { what, fraction } = event;
    if (fraction === undefined) this.#activity = what;
    else this.#activity = fraction >= 1 ? undefined : `${what}, ${Math.floor(fraction * 100)} %`;
  }
}
