import { EigenloomError, toError } from '../base/errors';
import { decodeRunRecord } from '../protocol/run/decode';
import type { MetricLine } from '../protocol/run/metrics';
import type { RunFacts, RunFailure, RunRecord } from '../protocol/run/record';
import { writeFileAtomic } from '../runs/files';
import { jsonText, type RunPaths } from '../runs/folder';
import { readRun } from '../runs/store';

/** How long (ms) `run.json` may lag behind the last step. Facts and evaluations are written at once. */
const SAVE_EVERY = 5000;

/** The trainer's hold on `run.json`: the one place that writes it while a run is at work. */
export class Recorder {
  readonly #path: string;
  #record: RunRecord;
  // Not by the clock of the day, which may be set back.
  #saved = -Infinity;

  /** Reads the record. Throws `InputError` where it is broken. */
  constructor(paths: RunPaths) {
    this.#path = paths.record;
    this.#record = readRun(paths.folder, decodeRunRecord).record;
  }

  get record(): RunRecord {
    return this.#record;
  }

  /** Changes fields and writes. Fields set to undefined go. */
  update(change: { [K in keyof RunRecord]?: RunRecord[K] | undefined }): void {
    const next: Record<string, unknown> = { ...this.#record, ...change };
    for (const key of Object.keys(next)) if (next[key] === undefined) Reflect.deleteProperty(next, key);
    this.#record = decodeRunRecord(next, this.#path);
    this.#save();
  }

  /** Adds facts and writes. */
  facts(facts: Partial<RunFacts>): void {
    this.update({ facts: { ...this.#record.facts, ...facts } });
  }

  /** Takes note of a metric line; evaluations are written at once. */
  metric(line: MetricLine): void {
    this.#record = noted(this.#record, line);
    if (line.split === 'eval' || performance.now() - this.#saved >= SAVE_EVERY) this.#save();
  }

  /** Forgets every metric but these, which the run goes on from. */
  replay(lines: readonly MetricLine[]): void {
    const bare = { ...this.#record };
    for (const key of ['last', 'first_eval', 'last_eval', 'best_eval'] as const)
      Reflect.deleteProperty(bare, key);
    this.#record = lines.reduce(noted, bare);
    this.#save();
  }

  #save(): void {
    writeFileAtomic(this.#path, jsonText(this.#record));
    this.#saved = performance.now();
  }
}

function noted(record: RunRecord, line: MetricLine): RunRecord {
  const { step, loss } = line;
  if (line.split === 'train') return { ...record, last: { step, loss } };
  const evaluation = { step, loss, perplexity: line.perplexity };
  const { first_eval: first, best_eval: best } = record;
  return {
    ...record,
    first_eval: first ?? evaluation,
    last_eval: evaluation,
    best_eval: best === undefined || loss < best.loss ? evaluation : best,
  };
}

/** A failure as `run.json` keeps it. What is no error of ours is a bug of ours. */
export function failureOf(thrown: unknown): RunFailure {
  const error = toError(thrown);
  if (error instanceof EigenloomError) {
    return {
      kind: error.kind,
      message: error.message,
      facts: { ...error.facts },
      ...(error.kind === 'bug' && error.stack !== undefined ? { stack: error.stack } : {}),
    };
  }
  return {
    kind: 'bug',
    message: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
  };
}
