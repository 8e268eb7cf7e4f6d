import { InputError } from '../base/errors';
import { RandomStream } from '../base/random';
import type { TokenRow } from './batch/tokenRow';
import { supervisedCount } from './batch/tokenRow';
import { tableRow, type TokenStats } from './tokenTable';
import { tokeniseFile, type TokeniseContext, type TokenisedFile, type TokeniseOptions } from './tokenise';

/** Samples of one or more files, or a part of them. A sample's number stays the same in every part. */
export class Dataset {
  /** Tokens of each sample of this part, in order. */
  readonly lengths: Uint32Array;
  private readonly starts: readonly number[];

  /** `chosen`: numbers of the samples in this part, over all files; undefined: all of them. */
  constructor(
    readonly files: readonly TokenisedFile[],
    private readonly chosen?: Uint32Array,
  ) {
    const starts = [0];
    for (const { table } of files) starts.push((starts.at(-1) ?? 0) + table.lines.length);
    this.starts = starts;
    const size = chosen?.length ?? starts.at(-1) ?? 0;
    this.lengths = Uint32Array.from({ length: size }, (_, i) => {
      const { table, row } = this.place(this.numberOf(i));
      return (table.offsets[row + 1] ?? 0) - (table.offsets[row] ?? 0);
    });
  }

  get size(): number {
    return this.lengths.length;
  }

  /** Sample i of this part; its `index` is its number over all files. */
  row(i: number): TokenRow {
    const number = this.numberOf(i);
    const { table, row } = this.place(number);
    return tableRow(table, row, number);
  }

  /** Where a sample stands, `train.jsonl:17`, by the number in its `index`. */
  describe(number: number): string {
    const { file, table, row } = this.place(number);
    return `${file}:${table.lines[row] ?? 0}`;
  }

  /** Hash of sample i's text. */
  textHash(i: number): number {
    const { table, row } = this.place(this.numberOf(i));
    return table.textHashes[row] ?? 0;
  }

  /** The part that holds the samples `keep` is true for. */
  filter(keep: (i: number) => boolean): Dataset {
    const kept: number[] = [];
    for (let i = 0; i < this.size; i++) if (keep(i)) kept.push(this.numberOf(i));
    return new Dataset(this.files, Uint32Array.from(kept));
  }

  /** Supervised and all tokens of this part. */
  countTokens(): { readonly supervised: number; readonly input: number } {
    let supervised = 0;
    let input = 0;
    for (let i = 0; i < this.size; i++) {
      const row = this.row(i);
      supervised += supervisedCount(row);
      input += row.ids.length;
    }
    return { supervised, input };
  }

  /** What became of the rows of all files. */
  get stats(): TokenStats {
    const total = { rows: 0, cut: 0, droppedByCut: 0, droppedEmpty: 0, shortestPrompt: 0 };
    for (const { stats } of this.files.map((file) => file.table)) {
      if (stats.droppedByCut > 0) {
        total.shortestPrompt =
          total.droppedByCut === 0
            ? stats.shortestPrompt
            : Math.min(total.shortestPrompt, stats.shortestPrompt);
      }
      total.rows += stats.rows;
      total.cut += stats.cut;
      total.droppedByCut += stats.droppedByCut;
      total.droppedEmpty += stats.droppedEmpty;
    }
    return total;
  }

  private numberOf(i: number): number {
    return this.chosen === undefined ? i : (this.chosen[i] ?? 0);
  }

  private place(number: number) {
    let f = 0;
    while (f + 1 < this.files.length && number >= (this.starts[f + 1] ?? 0)) f++;
    const found = this.files[f];
    if (found === undefined) throw new RangeError(`sample ${number} of no file`);
    return { file: found.file, table: found.table, row: number - (this.starts[f] ?? 0) };
  }
}

/**
 * Tokenises files, in order, into one dataset. `maxRows` counts over all of them. InputError where no row is left to
 * learn from, with the reason.
 */
export async function loadDataset(
  paths: readonly string[],
  options: TokeniseOptions,
  context: TokeniseContext = {},
): Promise<Dataset> {
  const files: TokenisedFile[] = [];
  let left = options.maxRows ?? Infinity;
  for (const path of paths) {
    if (left <= 0) break;
    const maxRows = left === Infinity ? undefined : left;
    const file = await tokeniseFile(path, { ...options, maxRows }, context);
    files.push(file);
    left -= file.table.stats.rows;
  }
  const dataset = new Dataset(files);
  if (dataset.size === 0) throw nothingToLearn(paths, dataset.stats, options);
  return dataset;
}

function nothingToLearn(paths: readonly string[], stats: TokenStats, options: TokeniseOptions): InputError {
  const file = paths.join(', ');
  const { form, maxLength } = options;
  if (stats.droppedByCut > 0) {
    const [cut, before] =
      form.kind === 'chat'
        ? ["assistant's turn", 'beginning']
        : form.kind === 'text'
          ? ['text', 'text']
          : ['completion', 'prompt'];
    return new InputError({
      what: `max_length ${maxLength} cuts every ${cut}: the shortest ${before} has ${stats.shortestPrompt} tokens`,
      file,
      key: 'data.max_length',
      remedy: `Raise data.max_length above ${stats.shortestPrompt}.`,
    });
  }
  return new InputError({
    what: `none of the ${stats.rows} rows has a token to learn`,
    file,
    key: form.kind === 'prompt-completion' ? 'data.completion' : `data.${form.kind}`,
    expected: form.kind === 'chat' ? "at least one assistant's turn" : 'at least one row with text',
    remedy: 'Look at the rows: what is to be learnt is empty in all of them.',
  });
}

/** True for a sample, by its text's hash, that `splitEvaluation` holds out. */
export function isHeldOut(textHash: number, fraction: number, seed: number): boolean {
  return new RandomStream(seed, 'data/evaluation', textHash).uniform() < fraction;
}

/**
 * Holds a share of the samples out for evaluation. Whether a sample is held out depends on its text and the seed
 * alone: rows that are added later move none, and the same text is never on both sides.
 */
export function splitEvaluation(
  dataset: Dataset,
  fraction: number,
  seed: number,
): { train: Dataset; evaluation: Dataset } {
  const held = (i: number): boolean => isHeldOut(dataset.textHash(i), fraction, seed);
  const evaluation = dataset.filter(held);
  const train = dataset.filter((i) => !held(i));
  if (evaluation.size === 0 || train.size === 0) {
    throw new InputError({
      what: `eval_fraction ${fraction} of ${dataset.size} rows leaves none for ${train.size === 0 ? 'training' : 'evaluation'}`,
      key: 'data.eval_fraction',
      remedy: 'Choose another share, or name files with data.eval.',
    });
  }
  return { train, evaluation };
}
