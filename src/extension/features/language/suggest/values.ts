import { isList, mayBeNull, schemaOf, wordsOf, yamlText } from '../schema';
import type { Suggestion } from './suggestion';

interface ValueContext {
  readonly path: readonly string[];
  readonly quoted: boolean;
  readonly item: boolean;
  readonly others: readonly string[];
}

/**
 * The values that the schema itself has: words, true and false, null, and numbers that are often taken; the default
 * first.
 */
export function suggestValues({ path, quoted, item, others }: ValueContext): Suggestion[] {
  const schema = schemaOf(path);
  if (schema === undefined || schema.type === 'object') return [];
  const fallback = 'default' in schema ? yamlText(schema.default) : undefined;
  const found: Suggestion[] = [];
  const add = (label: string, documentation: string, insert = label): void => {
    if (found.some((other) => other.label === label)) return;
    const standard = label === fallback;
    found.push({
      label,
      kind: 'value',
      insert,
      ...(documentation === '' ? {} : { documentation }),
      ...(standard ? { detail: 'default', preselect: true } : {}),
    });
  };
  const list = isList(schema);
  for (const { word, help } of wordsOf(schema)) {
    // The word of a value that may also be a list stands alone: it is no item.
    const ofItems = schema.type === 'array';
    if (item !== ofItems && list) {
      if (!item && ofItems && !quoted) add(`[${word}]`, help);
      continue;
    }
    if (!others.includes(word)) add(word, help);
  }
  if (quoted || (list && item)) return found;
  if (schema.type === 'boolean') for (const word of ['true', 'false']) add(word, '');
  const numbers: readonly unknown[] = Array.isArray(schema.examples) ? schema.examples : [];
  const unit = typeof schema.unit === 'string' ? schema.unit : '';
  for (const value of numbers) add(yamlText(value), unit);
  if (fallback !== undefined && fallback !== 'null') add(fallback, '');
  if (mayBeNull(schema)) add('null', '');
  return found.sort((a, b) => Number(b.preselect === true) - Number(a.preselect === true));
}
