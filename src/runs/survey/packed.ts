import * as path from 'node:path';
import { RUN_STATUSES, type RunStatus } from '../../protocol/run/status';
import { isLevels } from './spark';
import type { EvalPoint, RunSummary } from './summary';

/** What was known of a run, and of which state of its files. */
export interface CachedRun {
  readonly recordStamp: string;
  readonly userStamp: string;
  readonly summary: RunSummary;
}

/** How many runs stand in a line: to read or write one takes a millisecond or two. */
const LINE = 200;

/** Where among a run's texts each stands: those that it may have in common with others, and its own. */
const SHARED = {
  root: 0,
  label: 1,
  experiment: 2,
  source: 3,
  status: 4,
  method: 5,
  model: 6,
  device: 7,
  error: 8,
  note: 9,
} as const;
const OWN = { recordStamp: 0, userStamp: 1, spark: 2 } as const;
/** Where among a run's figures each stands. */
const FIGURE = {
  rank: 0,
  created: 1,
  started: 2,
  ended: 3,
  step: 4,
  totalSteps: 5,
  loss: 6,
  lastStep: 7,
  lastLoss: 8,
  bestStep: 9,
  bestLoss: 10,
  trainable: 11,
  starred: 12,
} as const;

const WIDTHS = {
  shared: Object.keys(SHARED).length,
  own: Object.keys(OWN).length,
  figures: Object.keys(FIGURE).length,
};

/**
 * Runs as lines of JSON, many in each: texts that several of them say alike; their ids; for each run the numbers of
 * its shared texts (from one; zero is none), its own texts and its figures; and the tags of those that have some.
 */
export function* encodeRuns(runs: readonly CachedRun[]): Iterable<string> {
  for (let from = 0; from < runs.length; from += LINE) yield encodeLine(runs.slice(from, from + LINE));
}

function encodeLine(runs: readonly CachedRun[]): string {
  const numbers = new Map<string, number>();
  const numberOf = (text: string | undefined): number => {
    if (text === undefined) return 0;
    const number = numbers.get(text) ?? numbers.size + 1;
    numbers.set(text, number);
    return number;
  };
  const ids: string[] = [];
  const shared: number[] = [];
  const own: string[] = [];
  const figures: (number | undefined)[] = [];
  const tags: number[][] = [];
  runs.forEach(({ recordStamp, userStamp, summary }, run) => {
    const { label, experiment, source, status, method, model, device, error, note } = summary;
    ids.push(path.basename(summary.folder));
    const root = path.dirname(summary.folder);
    for (const text of [root, label, experiment, source, status, method, model, device, error, note]) {
      shared.push(numberOf(text));
    }
    own.push(recordStamp, userStamp, summary.spark);
    const { rank, created, started, ended, step, totalSteps, loss, lastEval, bestEval, trainable } = summary;
    figures.push(rank, created, started, ended, step, totalSteps, loss, lastEval?.step, lastEval?.loss);
    figures.push(bestEval?.step, bestEval?.loss, trainable, summary.starred ? 1 : 0);
    if (summary.tags.length > 0) tags.push([run, ...summary.tags.map(numberOf)]);
  });
  return JSON.stringify([[...numbers.keys()], ids, shared, own, figures, tags]);
}

/** Reads lines of `encodeRuns`. */
export class RunsDecoder {
  readonly #texts = new Map<string, string>();

  /** `known` answers the string that is kept for a run's folder; a run that it does not know is left out. */
  constructor(private readonly known: (folder: string) => string | undefined) {}

  /** A line that `encodeRuns` did not write holds no run. */
  decode(line: string, found: (run: PackedRun) => void): void {
    const read = readLine(line, (text) => this.once(text));
    read?.ids.forEach((id, run) => {
      const root = read.columns.shared(run, SHARED.root) ?? '';
      const folder = this.known(`${root}${path.sep}${id}`);
      if (folder !== undefined) found(new PackedRun(folder, run, read.columns));
    });
  }

  /** What the runs of several lines say alike is kept once, too. */
  private once(text: string): string {
    const kept = this.#texts.get(text);
    if (kept === undefined) this.#texts.set(text, text);
    return kept ?? text;
  }
}

/** What a line of `encodeRuns` says but for the ids, which their folders end with. */
class Columns {
  readonly #own: string;
  /** Where in it each text ends. */
  readonly #ends: Uint32Array;

  constructor(
    private readonly texts: readonly string[],
    private readonly numbers: Uint32Array,
    own: readonly string[],
    private readonly figures: Float64Array,
    private readonly tags: ReadonlyMap<number, readonly string[]>,
  ) {
    this.#own = own.join('');
    let end = 0;
    this.#ends = Uint32Array.from(own, ({ length }) => (end += length));
  }

  shared(run: number, place: number): string | undefined {
    return this.texts[(this.numbers[WIDTHS.shared * run + place] ?? 0) - 1];
  }

  own(run: number, place: number): string {
    const at = WIDTHS.own * run + place;
    return this.#own.slice(at === 0 ? 0 : this.#ends[at - 1], this.#ends[at]);
  }

  figure(run: number, place: number): number | undefined {
    const figure = this.figures[WIDTHS.figures * run + place] ?? NaN;
    return Number.isNaN(figure) ? undefined : figure;
  }

  tagsOf(run: number): readonly string[] {
    return this.tags.get(run) ?? NONE;
  }
}

/** Most runs have no tags: they share this. */
const NONE: readonly string[] = [];

function readLine(
  line: string,
  once: (text: string) => string,
): { readonly ids: readonly string[]; readonly columns: Columns } | undefined {
  const [texts, ids, shared, own, figures, tags] = arraysOf(line);
  if (!isTexts(texts) || !isTexts(ids) || !isTexts(own) || own.length !== WIDTHS.own * ids.length)
    return undefined;
  if (shared?.length !== WIDTHS.shared * ids.length) return undefined;
  if (figures?.length !== WIDTHS.figures * ids.length) return undefined;
  if (!shared.every((number) => typeof number === 'number' && number >= 0 && number <= texts.length)) {
    return undefined;
  }
  const kept = texts.map(once);
  const columns = new Columns(
    kept,
    Uint32Array.from(shared, Number),
    own,
    Float64Array.from(figures, (figure) => (typeof figure === 'number' ? figure : NaN)),
    readTags(tags ?? [], kept),
  );
  const sound = (run: number): boolean =>
    statusOf(columns.shared(run, SHARED.status)) !== undefined && isLevels(columns.own(run, OWN.spark));
  return ids.every((_, run) => sound(run)) ? { ids, columns } : undefined;
}

/** The tags by the number of the run. */
function readTags(
  rows: readonly unknown[],
  texts: readonly string[],
): ReadonlyMap<number, readonly string[]> {
  const tags = new Map<number, readonly string[]>();
  for (const row of rows) {
    if (!Array.isArray(row)) continue;
    const [run, ...numbers]: readonly number[] = row.map(Number);
    if (run === undefined) continue;
    tags.set(
      run,
      numbers.map((number) => texts[number - 1]).filter((text) => text !== undefined),
    );
  }
  return tags;
}

function arraysOf(line: string): (readonly unknown[] | undefined)[] {
  try {
    const value: unknown = JSON.parse(line);
    if (!Array.isArray(value)) return [];
    return value.map((column: unknown) => (Array.isArray(column) ? column : undefined));
  } catch {
    return [];
  }
}

function isTexts(values: readonly unknown[] | undefined): values is readonly string[] {
  return values?.every((value) => typeof value === 'string') === true;
}

function statusOf(text: string | undefined): RunStatus | undefined {
  return RUN_STATUSES.find((status) => status === text);
}

/**
 * A run as a line said it. Ten thousand of them take a quarter of the room that as many objects with all fields would,
 * and most of that where the collector need not copy it.
 */
export class PackedRun implements RunSummary {
  constructor(
    readonly folder: string,
    private readonly run: number,
    private readonly columns: Columns,
  ) {}

  get recordStamp(): string {
    return this.columns.own(this.run, OWN.recordStamp);
  }

  get userStamp(): string {
    return this.columns.own(this.run, OWN.userStamp);
  }

  get id(): string {
    return path.basename(this.folder);
  }

  get label(): string {
    return this.shared(SHARED.label) ?? '';
  }

  get experiment(): string {
    return this.shared(SHARED.experiment) ?? '';
  }

  get source(): string {
    return this.shared(SHARED.source) ?? '';
  }

  get status(): RunStatus | undefined {
    return statusOf(this.shared(SHARED.status));
  }

  get method(): string {
    return this.shared(SHARED.method) ?? '';
  }

  get rank(): number | undefined {
    return this.figure(FIGURE.rank);
  }

  get model(): string {
    return this.shared(SHARED.model) ?? '';
  }

  get device(): string | undefined {
    return this.shared(SHARED.device);
  }

  get created(): number {
    return this.figure(FIGURE.created) ?? 0;
  }

  get started(): number | undefined {
    return this.figure(FIGURE.started);
  }

  get ended(): number | undefined {
    return this.figure(FIGURE.ended);
  }

  get step(): number {
    return this.figure(FIGURE.step) ?? 0;
  }

  get totalSteps(): number | undefined {
    return this.figure(FIGURE.totalSteps);
  }

  get loss(): number | undefined {
    return this.figure(FIGURE.loss);
  }

  get lastEval(): EvalPoint | undefined {
    return this.point(FIGURE.lastStep, FIGURE.lastLoss);
  }

  get bestEval(): EvalPoint | undefined {
    return this.point(FIGURE.bestStep, FIGURE.bestLoss);
  }

  get trainable(): number | undefined {
    return this.figure(FIGURE.trainable);
  }

  /** Only runs that no trainer is at work on are packed. */
  get secondsLeft(): undefined {
    return undefined;
  }

  get activity(): undefined {
    return undefined;
  }

  get spark(): string {
    return this.columns.own(this.run, OWN.spark);
  }

  get error(): string | undefined {
    return this.shared(SHARED.error);
  }

  get starred(): boolean {
    return this.figure(FIGURE.starred) === 1;
  }

  get tags(): readonly string[] {
    return this.columns.tagsOf(this.run);
  }

  get note(): string {
    return this.shared(SHARED.note) ?? '';
  }

  private shared(place: number): string | undefined {
    return this.columns.shared(this.run, place);
  }

  private figure(place: number): number | undefined {
    return this.columns.figure(this.run, place);
  }

  private point(stepAt: number, lossAt: number): EvalPoint | undefined {
    const step = this.figure(stepAt);
    const loss = this.figure(lossAt);
    return step === undefined || loss === undefined ? undefined : { step, loss };
  }
}
