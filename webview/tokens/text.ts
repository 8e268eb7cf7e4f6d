import type { TokenPiece, TokenPreview } from '../../src/protocol/inspector';
import type { TokensView } from '../../src/protocol/panels/tokens';

/** A token's text with what is not seen made visible: line ends, tabs, and what has no text at all. */
export function visibleText(text: string): string {
  if (text === '') return '▯';
  return text
    .replaceAll('\r', '␍')
    .replaceAll('\n', '↵\n')
    .replaceAll('\t', '⇥\t')
    .replaceAll('\u00a0', '⍽')
    .replaceAll('\u200b', '▯');
}

/** What a state means, for the legend and for those who hear the page. */
export const STATES: Readonly<Record<TokenPiece['state'], string>> = {
  trained: 'learnt',
  ignored: 'read, not learnt',
  truncated: 'cut off',
};

/** `1,428 rows · 92 tokens a row (longest 128) · …` */
export function summaryText({ total, complete, summary, max_length: length, packing }: TokenPreview): string {
  const parts = [
    `${number(total)}${complete ? '' : ' or more'} ${total === 1 ? 'row' : 'rows'}`,
    `${number(Math.round(summary.mean_length))} tokens a row (longest ${number(summary.longest)})`,
    `${percent(summary.trained_share)} of the tokens are learnt`,
  ];
  if (summary.truncated > 0) {
    parts.push(
      `${percent(summary.truncated / summary.rows)} of the rows are cut at ${number(length)} tokens`,
    );
  }
  if (summary.dropped > 0) parts.push(`${percent(summary.dropped / summary.rows)} of the rows are dropped`);
  if (packing) parts.push(`rows share sequences of ${number(length)} tokens, and none sees another`);
  if (summary.rows < total) parts.push(`by the first ${number(summary.rows)} rows`);
  return parts.join(' · ');
}

/** `Rows 21 to 40 of 1,428`. */
export function pageText({ from, preview }: TokensView): string {
  if (preview === undefined || preview.rows.length === 0) return '';
  const of = `${number(preview.total)}${preview.complete ? '' : ' or more'}`;
  return `Rows ${number(from + 1)} to ${number(from + preview.rows.length)} of ${of}`;
}

/** What a row is like, in a line. */
export function rowText(row: TokenPreview['rows'][number]): string {
  const parts = [
    `${number(row.length)} ${row.length === 1 ? 'token' : 'tokens'}`,
    `${number(row.trained)} learnt`,
  ];
  if (row.truncated > 0) parts.push(`${number(row.truncated)} cut off`);
  return parts.join(', ');
}

/** What to do where there is nothing to see; empty where there is. */
export function emptyText({ file, preview, problem, busy }: TokensView): string {
  if (preview !== undefined) return preview.total === 0 ? 'The data have no rows.' : '';
  if (problem !== undefined) return 'The tokens appear here once the experiment can be read.';
  if (busy) return 'Making the tokens…';
  return file === '' ? 'Open an experiment file (*.tune.yaml) to see its rows as tokens.' : '';
}

function number(value: number): string {
  return value.toLocaleString('en-GB');
}

/** Small shares do not become none, nor large ones all. */
function percent(share: number): string {
  if (share > 0 && share < 0.01) return 'under 1 %';
  if (share < 1 && share > 0.99) return 'over 99 %';
  return `${Math.round(share * 100)} %`;
}
