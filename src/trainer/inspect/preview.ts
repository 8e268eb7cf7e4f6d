import { dirname, resolve } from 'node:path';
import { supervisedCount } from '../../data/batch/tokenRow';
import { isHeldOut } from '../../data/dataset';
import { readRows } from '../../data/files/readRows';
import type { DataRow } from '../../data/files/row';
import { type EncodedRow, type RowEncoder, rowEncoder } from '../../data/text/encode';
import { type CutRow, cutRow } from '../../data/tokenise';
import { InputError } from '../../base/errors';
import { parseExperiment, throwAll } from '../../protocol/experiment/parse';
import { checkFiles } from '../../protocol/experiment/read';
import { resolveExperiment, rowForm } from '../../protocol/experiment/resolve';
import type { Locate } from '../../protocol/experiment/source';
import type { Experiment } from '../../protocol/experiment/types';
import type { PreviewRow, TokenPreview } from '../../protocol/inspector';
import { placedBy } from '../places';
import { checkLength } from '../training/checks';
import type { OpenedModel } from '../training/model';
import { type OpenedModels, stampOf } from './openedModels';
import { piecesOf, tokenTexts } from './pieces';
import { Summary } from './summary';

/** Tokens of one row that are shown. */
const LONGEST_SHOWN = 4096;
/** Most rows of one answer. */
const MOST_ROWS = 100;
/** Rows that are counted; of more it is only said that there are. */
const COUNTED = 50_000;

/** What was counted of an experiment's data, by all that it depends on. */
interface Counted {
  readonly key: string;
  readonly total: number;
  readonly complete: boolean;
  readonly summary: TokenPreview['summary'];
}

/** Rows of experiments as the tokens that a run would learn from. */
export class Previews {
  #counted: Counted | undefined;

  constructor(private readonly models: OpenedModels) {}

  /** Throws an InputError with the place in the experiment or in the data for everything that is wrong. */
  async preview(file: string, source: string, from: number, count: number): Promise<TokenPreview> {
    const { experiment, locate } = read(source, file);
    try {
      const opened = await this.models.open(experiment.model, (config) => checkLength(experiment, config));
      return await this.rows(experiment, opened, Math.max(0, from), Math.min(count, MOST_ROWS));
    } catch (thrown) {
      throw placedBy(thrown, (path) => locate(path, 'value'));
    }
  }

  private async rows(
    experiment: Experiment,
    opened: OpenedModel,
    from: number,
    count: number,
  ): Promise<TokenPreview> {
    const { data, training } = experiment;
    const encode = rowEncoder(rowForm(data), opened.tokenizer);
    const key = JSON.stringify([opened.tokenizer.hash, data, await stampOf(...data.train)]);
    const known = this.#counted?.key === key ? this.#counted : undefined;
    const summary = new Summary();
    const rows: PreviewRow[] = [];
    let index = 0;
    let complete = true;
    for await (const row of rowsOf(experiment)) {
      const inWindow = index >= from && index < from + count;
      if (index >= from + count && (known !== undefined || index >= COUNTED)) {
        complete = false;
        break;
      }
      if (inWindow || (known === undefined && summary.open)) {
        const whole = encode(row);
        const cut = cutRow(whole, data.max_length);
        summary.add(whole, cut);
        if (inWindow) {
          rows.push({
            ...describeRow(whole, cut, opened),
            row: index,
            file: row.file,
            line: row.line,
            held_out:
              data.eval_fraction !== undefined &&
              isHeldOut(whole.textHash, data.eval_fraction, training.seed),
          });
        }
      }
      index++;
    }
    this.#counted = known ?? { key, total: index, complete, summary: summary.take() };
    // A later look may have come further than the count.
    const total = Math.max(this.#counted.total, index);
    return {
      rows,
      total,
      complete: this.#counted.complete || (complete && known !== undefined),
      max_length: data.max_length,
      packing: data.packing,
      summary: this.#counted.summary,
    };
  }
}

function read(source: string, file: string): { experiment: Experiment; locate: Locate } {
  const { values, errors, locate } = parseExperiment(source, file);
  throwAll(errors);
  if (values === undefined) throw new InputError({ what: 'this is no experiment', file });
  const experiment = resolveExperiment(values, 'preview', (path) => resolve(dirname(file), path));
  throwAll(checkFiles(experiment, locate));
  return { experiment, locate };
}

/** The training rows of an experiment, over all its files. */
async function* rowsOf({ data }: Experiment): AsyncGenerator<DataRow> {
  let left = data.max_rows ?? Infinity;
  for (const file of data.train) {
    for await (const row of readRows(file, { columns: data.columns })) {
      if (left <= 0) return;
      left--;
      yield row;
    }
  }
}

function describeRow(
  whole: ReturnType<RowEncoder>,
  { ids, supervised, outcome }: CutRow,
  { tokenizer }: OpenedModel,
): Omit<PreviewRow, 'row' | 'file' | 'line' | 'held_out'> {
  const shown = whole.ids.subarray(0, LONGEST_SHOWN);
  return {
    pieces: piecesOf(tokenTexts(shown, tokenizer), whole.supervised, ids.length),
    length: whole.ids.length,
    trained: supervisedCount({ supervised }),
    truncated: whole.ids.length - ids.length,
    omitted: whole.ids.length - shown.length,
    dropped: outcome !== 'kept',
    ...whyDropped(whole, outcome),
  };
}

function whyDropped(whole: EncodedRow, outcome: CutRow['outcome']): { why?: string } {
  switch (outcome) {
    case 'kept':
      return {};
    case 'dropped-by-cut':
      return {
        why: `Everything to learn is cut off: it begins after ${whole.supervised.indexOf(1, 1)} tokens. Raise data.max_length.`,
      };
    case 'dropped-empty':
      return { why: 'The row has no token to learn from.' };
  }
}
