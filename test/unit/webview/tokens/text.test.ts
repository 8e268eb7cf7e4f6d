import { describe, expect, it } from 'vitest';
import type { TokenPreview } from '../../../../src/protocol/inspector';
import { emptyText, pageText, rowText, summaryText, visibleText } from '../../../../webview/tokens/text';

const PREVIEW: TokenPreview = {
  rows: [
    {
      row: 20,
      file: 'rows.jsonl',
      line: 21,
      pieces: [],
      length: 9,
      trained: 3,
      truncated: 1,
      omitted: 0,
      dropped: false,
      held_out: false,
    },
  ],
  total: 1428,
  complete: true,
  max_length: 8,
  packing: false,
  summary: { rows: 500, mean_length: 91.6, longest: 128, trained_share: 0.995, truncated: 2, dropped: 50 },
};
const VIEW = { name: 'a', file: '/a', from: 20, count: 20, busy: false } as const;

describe('the words of a token preview', () => {
  it('sum the rows up', () => {
    expect(summaryText(PREVIEW)).toBe(
      '1,428 rows · 92 tokens a row (longest 128) · over 99 % of the tokens are learnt · ' +
        'under 1 % of the rows are cut at 8 tokens · 10 % of the rows are dropped · by the first 500 rows',
    );
    const small = {
      ...PREVIEW,
      total: 1,
      complete: false,
      summary: { ...PREVIEW.summary, rows: 1, truncated: 0, dropped: 0 },
    };
    expect(summaryText(small)).toBe(
      '1 or more row · 92 tokens a row (longest 128) · over 99 % of the tokens are learnt',
    );
    expect(summaryText({ ...small, packing: true })).toMatch(
      / · rows share sequences of 8 tokens, and none sees another$/u,
    );
  });

  it('tell the page and a row', () => {
    expect(pageText({ ...VIEW, preview: PREVIEW })).toBe('Rows 21 to 21 of 1,428');
    expect(PREVIEW.rows.map(rowText)).toEqual(['9 tokens, 3 learnt, 1 cut off']);
  });

  it('show what is not seen', () => {
    expect(visibleText(' a\n')).toBe(' a↵\n');
    expect(visibleText('\t\r')).toBe('⇥\t␍');
    expect(visibleText('')).toBe('▯');
  });

  it('say what to do where there is nothing', () => {
    expect(emptyText({ ...VIEW, busy: true })).toBe('Making the tokens…');
    expect(emptyText({ ...VIEW, file: '' })).toContain('Open an experiment file');
    expect(emptyText({ ...VIEW, problem: { message: 'x' } })).toContain('once the experiment can be read');
    expect(emptyText({ ...VIEW, preview: PREVIEW })).toBe('');
  });
});
