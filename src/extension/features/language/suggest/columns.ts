import type { DataInfo } from '../../../../protocol/inspector';
import type { Suggestion } from './suggestion';

/** The columns of a data file, to stand in a template's braces. */
export function suggestColumns(data: DataInfo, closed: boolean): Suggestion[] {
  return data.columns
    .filter((column) => !data.chat.includes(column))
    .map((column) => ({
      label: column,
      kind: 'column',
      ...exampleOf(data, column),
      insert: closed ? column : `${column}}`,
    }));
}

/** Whole templates of one column each, for a template that is empty. */
export function suggestTemplates(data: DataInfo, quoted: boolean): Suggestion[] {
  return data.columns
    .filter((column) => !data.chat.includes(column))
    .map((column) => ({
      label: `{${column}}`,
      kind: 'column',
      ...exampleOf(data, column),
      insert: quoted ? `{${column}}` : `"{${column}}"`,
    }));
}

/** The columns that hold a chat. */
export function suggestChats(data: DataInfo): Suggestion[] {
  return data.chat.map((column) => ({
    label: column,
    kind: 'column',
    ...exampleOf(data, column),
    insert: column,
  }));
}

/** What stands in the column in the first row. */
function exampleOf(data: DataInfo, column: string): { documentation?: string } {
  const value = data.rows[0]?.[column];
  return value === undefined ? {} : { documentation: `In the first row:\n\n${codeBlock(value)}` };
}

/** Text as it is, in Markdown: in a fence that is longer than any in it. */
export function codeBlock(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/gu)].map(([marks]) => marks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
