import { dirname, resolve } from 'node:path';
import { parseTemplate, templateColumns } from '../../../data/text/template';
import { InputError } from '../../../base/errors';
import type { Analysis } from './analysis';
import { entryOf, type Span, textsOf } from './entries';
import { PATH_KEYS, type PathKind } from './suggest/paths';

/** A path that an experiment names. */
export interface NamedPath {
  readonly key: string;
  /** Which one, where the key has a list. */
  readonly index: number;
  readonly kind: PathKind;
  readonly span: Span;
  readonly text: string;
  readonly absolute: string;
}

/** Every path that a file names, as it stands. */
export function namedPaths({ entries, file }: Pick<Analysis, 'entries' | 'file'>): readonly NamedPath[] {
  return Object.entries(PATH_KEYS).flatMap(([key, kind]) =>
    textsOf(entryOf(entries, key.split('.'))).map(({ span, text }, index) => ({
      key,
      index,
      kind,
      span,
      text,
      absolute: resolve(dirname(file), text),
    })),
  );
}

/** The names that the file gives to the columns of files without a header. */
export function namedColumns({ entries }: Pick<Analysis, 'entries'>): readonly string[] {
  return textsOf(entryOf(entries, ['data', 'columns'])).map(({ text }) => text);
}

/** A column that a file names, in a template or as a key's value. */
export interface UsedColumn {
  readonly key: string;
  readonly column: string;
  readonly span: Span;
  /** Whether it has to hold a chat. */
  readonly chat: boolean;
}

const TEMPLATE_KEYS = ['text', 'prompt', 'completion'] as const;

/** The columns that a file's templates name, and the chat's. */
export function usedColumns({ entries, text }: Pick<Analysis, 'entries' | 'text'>): readonly UsedColumn[] {
  const found: UsedColumn[] = [];
  for (const key of TEMPLATE_KEYS) {
    const [template] = textsOf(entryOf(entries, ['data', key]));
    if (template === undefined) continue;
    for (const column of columnsIn(template.text)) {
      const at = text.slice(template.span.start, template.span.end).indexOf(`{${column}}`);
      const start = template.span.start + at + 1;
      // Where escapes hide it in the text, the whole template is meant.
      const span = at < 0 ? template.span : { start, end: start + column.length };
      found.push({ key: `data.${key}`, column, span, chat: false });
    }
  }
  const [chat] = textsOf(entryOf(entries, ['data', 'chat']));
  if (chat !== undefined) found.push({ key: 'data.chat', column: chat.text, span: chat.span, chat: true });
  return found;
}

function columnsIn(template: string): readonly string[] {
  try {
    return [...new Set(templateColumns(parseTemplate('', template)))];
  } catch (thrown) {
    // A template that is not finished names no column yet; the run, and the preview, say what is wrong with it.
    if (thrown instanceof InputError) return [];
    throw thrown;
  }
}
