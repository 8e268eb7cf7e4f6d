import { InputError } from '../../base/errors';
import { nearest } from '../../base/nearest';
import { kindOf } from '../files/json';
import type { DataRow } from '../files/row';

/** A template of the config, taken apart: literal text, or the column whose value stands there. */
type Part = { readonly literal: string } | { readonly column: string };

/** A parsed template with `{column}` placeholders; `key` is where it stands in the config. */
export interface RowTemplate {
  readonly key: string;
  readonly parts: readonly Part[];
}

/**
 * Parses a template: `{column}` stands for the row's value, `{{` and `}}` for the braces themselves. InputError for a
 * brace that is not closed, or closes nothing, with its place in the string.
 */
export function parseTemplate(key: string, source: string): RowTemplate {
  const parts: Part[] = [];
  let literal = '';
  const flush = (): void => {
    if (literal !== '') parts.push({ literal });
    literal = '';
  };
  const faulty = (what: string, at: number): InputError =>
    new InputError({
      what: `${what} at character ${at + 1} of the template`,
      key,
      got: JSON.stringify(source.slice(at, at + 20)),
      expected: '{column}',
      remedy: 'Write a brace that is text twice: {{ or }}.',
    });
  for (let i = 0; i < source.length; i++) {
    const character = source[i] ?? '';
    if ((character === '{' || character === '}') && source[i + 1] === character) {
      literal += character;
      i++;
    } else if (character === '}') {
      throw faulty("a '}' that closes nothing", i);
    } else if (character === '{') {
      const end = source.slice(i + 1).search(/[{}]/);
      const column = source.slice(i + 1, i + 1 + end);
      if (end < 1 || source[i + 1 + end] !== '}') throw faulty("a '{' without a column and '}'", i);
      flush();
      parts.push({ column });
      i += end + 1;
    } else {
      literal += character;
    }
  }
  flush();
  return { key, parts };
}

/** Columns that a template names. */
export function templateColumns(template: RowTemplate): string[] {
  return template.parts.flatMap((part) => ('column' in part ? [part.column] : []));
}

/** A row's value in a column; InputError that names the nearest column where the row has none so called. */
export function columnOf(row: DataRow, column: string, key: string): unknown {
  if (Object.hasOwn(row.values, column)) return row.values[column];
  const columns = Object.keys(row.values);
  const near = nearest(column, columns);
  throw new InputError({
    what: `the row has no column '${column}'`,
    file: row.file,
    line: row.line,
    key,
    got: `columns ${columns.join(', ')}`,
    remedy: near === undefined ? 'Name one of these columns.' : `Did you mean '${near}'?`,
  });
}

/** The template's text for a row. Numbers and booleans are written as JSON writes them; nothing else is text. */
export function renderTemplate(template: RowTemplate, row: DataRow): string {
  let text = '';
  for (const part of template.parts) {
    if ('literal' in part) {
      text += part.literal;
      continue;
    }
    const value = columnOf(row, part.column, template.key);
    if (typeof value === 'string') text += value;
    else if (typeof value === 'number' || typeof value === 'boolean') text += String(value);
    else {
      throw new InputError({
        what: `column '${part.column}' holds no text`,
        file: row.file,
        line: row.line,
        key: template.key,
        got: kindOf(value),
        expected: 'a string, a number or a boolean',
      });
    }
  }
  return text;
}
