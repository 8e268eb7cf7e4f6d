import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { type Dataset, loadDataset, splitEvaluation } from '../../data/dataset';
import type { Tokenizer } from '../../data/text/tokenizer';
import type { ByteCache } from '../../data/tokenise';
import { rowForm } from '../../protocol/experiment/resolve';
import type { DataConfig, Experiment } from '../../protocol/experiment/types';
import type { RunFacts } from '../../protocol/run/record';
import { cached, cachedEntry } from '../../weights/cache';
import type { TrainContext } from '../context';

/** The rows of a run, as tokens. */
export interface RunData {
  readonly train: Dataset;
  readonly evaluation: Dataset | undefined;
  readonly facts: NonNullable<RunFacts['data']>;
  /** SHA-256 over all files' contents. */
  readonly hash: string;
}

type DataContext = Pick<TrainContext, 'progress' | 'signal'>;

/** Reads and tokenises the training and evaluation rows of an experiment. */
export async function loadRunData(
  experiment: Experiment,
  tokenizer: Tokenizer,
  context: DataContext,
): Promise<RunData> {
  const { data, training } = experiment;
  const all = await loadRows(data, data.train, tokenizer, context, data.max_rows);
  const split =
    data.eval_fraction === undefined ? undefined : splitEvaluation(all, data.eval_fraction, training.seed);
  const train = split?.train ?? all;
  const evaluation =
    split?.evaluation ??
    (data.eval === undefined
      ? undefined
      : await loadRows(data, data.eval, tokenizer, context, data.max_eval_rows));
  const counts = train.countTokens();
  const dropped = (rows: Dataset): number => rows.stats.droppedByCut + rows.stats.droppedEmpty;
  const facts = {
    train_rows: train.size,
    train_dropped: dropped(all),
    ...(evaluation === undefined
      ? {}
      : { eval_rows: evaluation.size, eval_dropped: split === undefined ? dropped(evaluation) : 0 }),
    train_tokens: counts.input,
    train_supervised: counts.supervised,
  };
  const hash = createHash('sha256');
  for (const { sha256 } of [...all.files, ...(evaluation?.files ?? [])]) hash.update(sha256);
  return { train, evaluation, facts, hash: hash.digest('hex') };
}

/** Says how many of the training rows are left out; undefined where none is. */
export function droppedRows({
  train_rows: rows,
  train_dropped: dropped,
}: RunData['facts']): string | undefined {
  if (dropped === 0) return undefined;
  return `${dropped} of ${rows + dropped} training rows have no token to learn from and are left out`;
}

/** Tokenises files in the way an experiment's `data` section says. */
export async function loadRows(
  data: DataConfig,
  files: readonly string[],
  tokenizer: Tokenizer,
  context: DataContext,
  maxRows: number | null,
): Promise<Dataset> {
  const options = {
    form: rowForm(data),
    tokenizer,
    maxLength: data.max_length,
    columns: data.columns,
    maxRows: maxRows ?? undefined,
  };
  return loadDataset(files, options, {
    cache: tokenCache,
    signal: context.signal,
    onProgress: (file, rows) => context.progress({ what: `reading ${file}: ${rows} rows` }),
  });
}

const KIND = 'tokens';

const tokenCache: ByteCache = {
  get: async (key) => {
    const entry = await cachedEntry(KIND, key);
    return entry === undefined ? undefined : fs.readFile(entry);
  },
  put: async (key, bytes) => {
    await cached(KIND, key, (target) => fs.writeFile(target, bytes));
  },
};
