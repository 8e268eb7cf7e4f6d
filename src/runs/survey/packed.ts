import * as path from 'node:path';
import * as zlib from 'node:zlib';
import { RUN_STATUSES, type RunStatus } from '../../protocol/run/status';
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

/** What ends a run's id in a line (no folder's name has it), and each of its own texts. */
const ID_END = '/';
const OWN_END = '\n';
/** The own texts of runs, in their order: two stamps, and levels for a sparkline. */
const OWN_TEXTS = /^(?:[ -~]*\n[ -~]*\n[!-~]*\n)*$/u;

/**
 * Runs as lines of JSON, many in each: texts that several of them say alike; their ids; their own texts; for each run
 * the numbers of its shared texts (from one; zero is none) and its figures; and the tags of those that have some. Ids
 * and own texts are one text each, and numbers are their bytes, deflated, in base64: read in ten thousand pieces, they
 * would leave as many behind in the process that has asked. A line has its end, so that it can be written as it is.
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
  const shared = new Uint16Array(WIDTHS.shared * runs.length);
  const figures = new Float64Array(WIDTHS.figures * runs.length);
  const tags: number[][] = [];
  runs.forEach(({ summary }, run) => {
    const { label, experiment, source, status, method, model, device, error, note } = summary;
    const root = path.dirname(summary.folder);
    const texts = [root, label, experiment, source, status, method, model, device, error, note];
    shared.set(texts.map(numberOf), WIDTHS.shared * run);
    const { rank, created, started, ended, step, totalSteps, loss, lastEval, bestEval, trainable } = summary;
    const evaluated = [lastEval?.step, lastEval?.loss, bestEval?.step, bestEval?.loss];
    const all = [rank, created, started, ended, step, totalSteps, loss, ...evaluated, trainable];
    figures.set([...all.map((figure) => figure ?? NaN), summary.starred ? 1 : 0], WIDTHS.figures * run);
    if (summary.tags.length > 0) tags.push([run, ...summary.tags.map(numberOf)]);
  });
  const ids = runs.map(({ summary }) => path.basename(summary.folder) + ID_END).join('');
  const own = runs
    .flatMap(({ recordStamp, userStamp, summary }) => [recordStamp, userStamp, summary.spark])
    .map((text) => text + OWN_END)
    .join('');
  return `${JSON.stringify([[...numbers.keys()], ids, own, bytesOf(shared), bytesOf(figures), tags])}\n`;
}

function bytesOf({ buffer }: Uint16Array | Float64Array): string {
  return zlib.deflateRawSync(Buffer.from(buffer)).toString('base64');
}

/** Fills numbers with the bytes that `bytesOf` made a text of; false where they are not as many. */
function readBytes(text: unknown, { buffer }: Uint16Array | Float64Array): boolean {
  if (typeof text !== 'string') return false;
  try {
    const most = Math.max(1, buffer.byteLength);
    const bytes = zlib.inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: most });
    return bytes.length === buffer.byteLength && bytes.copy(Buffer.from(buffer)) === bytes.length;
  } catch {
    // It is cut off, or no such text at all.
    return false;
  }
}

/** Where in a text each `mark` stands. */
function placesOf(mark: string, text: string): Uint32Array {
  let count = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) count++;
  const places = new Uint32Array(count);
  for (let i = 0, at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) places[i++] = at;
  return places;
}

/** The text before the mark of that number, and after the one before it. */
function pieceOf(text: string, places: Uint32Array, number: number): string {
  return text.slice(number === 0 ? 0 : (places[number - 1] ?? 0) + 1, places[number]);
}

/** Reads lines of `encodeRuns`. */
export class RunsDecoder<T extends { readonly folder: string }> {
  readonly #texts = new Map<string, string>();

  /**
   * `known` answers what a run in a folder is for the caller, with the string that is kept for its own folder; a run
   * that it does not know is left out. `found` is told all others.
   */
  constructor(
    private readonly known: (root: string, id: string) => T | undefined,
    private readonly found: (run: PackedRun, known: T) => void,
  ) {}

  /** A line that `encodeRuns` did not write holds no run. */
  decode(line: string): void {
    const read = readLine(line, (text) => this.once(text));
    if (read === undefined) return;
    const { ids, columns } = read;
    const places = placesOf(ID_END, ids);
    for (let run = 0; run < columns.count; run++) {
      const known = this.known(columns.shared(run, SHARED.root) ?? '', pieceOf(ids, places, run));
      if (known !== undefined) this.found(new PackedRun(known.folder, run, columns), known);
    }
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
  readonly #ends: Uint32Array;
  /** The numbers of each run's shared texts. */
  readonly numbers: Uint16Array;
  readonly figures: Float64Array;

  constructor(
    readonly count: number,
    readonly texts: readonly string[],
    private readonly owns: string,
    private readonly tags: ReadonlyMap<number, readonly string[]>,
  ) {
    this.#ends = placesOf(OWN_END, owns);
    this.numbers = new Uint16Array(WIDTHS.shared * count);
    this.figures = new Float64Array(WIDTHS.figures * count);
  }

  /** False where a number or a text is missing, or is none that a run may have. */
  get sound(): boolean {
    if (this.#ends.length !== WIDTHS.own * this.count || !OWN_TEXTS.test(this.owns)) return false;
    for (let run = 0; run < this.count; run++) {
      if (statusOf(this.shared(run, SHARED.status)) === undefined) return false;
    }
    return this.numbers.every((number) => number <= this.texts.length);
  }

  shared(run: number, place: number): string | undefined {
    return this.texts[(this.numbers[WIDTHS.shared * run + place] ?? 0) - 1];
  }

  own(run: number, place: number): string {
    return pieceOf(this.owns, this.#ends, WIDTHS.own * run + place);
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
): { readonly ids: string; readonly columns: Columns } | undefined {
  const [texts, ids, own, shared, figures, tags] = valuesOf(line);
  if (!isTexts(texts) || typeof ids !== 'string' || typeof own !== 'string') return undefined;
  const kept = texts.map(once);
  const columns = new Columns(placesOf(ID_END, ids).length, kept, own, readTags(tags, kept));
  const whole = readBytes(shared, columns.numbers) && readBytes(figures, columns.figures);
  return whole && columns.sound ? { ids, columns } : undefined;
}

/** The tags by the number of the run. */
function readTags(rows: unknown, texts: readonly string[]): ReadonlyMap<number, readonly string[]> {
  const tags = new Map<number, readonly string[]>();
  for (const row of Array.isArray(rows) ? rows : []) {
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

function valuesOf(line: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(line);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function isTexts(values: unknown): values is readonly string[] {
  return Array.isArray(values) && values.every((value) => typeof value === 'string');
}

const STATUSES: ReadonlyMap<string, RunStatus> = new Map(RUN_STATUSES.map((status) => [status, status]));

function statusOf(text: string | undefined): RunStatus | undefined {
  return text === undefined ? undefined : STATUSES.get(text);
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
