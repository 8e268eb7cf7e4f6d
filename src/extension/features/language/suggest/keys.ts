import { keysOf, schemaAt } from '../../../../protocol/experiment/schema/input';
import { EXCLUSIVE } from '../../../../protocol/experiment/overrides';
import { isList, keyHelp, mayBeNull, schemaOf, wordsOf, yamlText } from '../schema';
import type { Suggestion } from './suggestion';

interface KeyContext {
  readonly path: readonly string[];
  readonly taken: readonly string[];
  readonly flow: boolean;
  readonly colon: boolean;
}

/**
 * The keys that a section may still have, in the order of the schema. Alternatives to a key that is there come last:
 * only one of them may stand.
 */
export function suggestKeys({ path, taken, flow, colon }: KeyContext): Suggestion[] {
  const section = schemaOf(path);
  if (section === undefined) return [];
  const excluded = alternatives(path, taken);
  const keys = keysOf(section).filter((key) => !taken.includes(key));
  return [...keys.filter((key) => !excluded.has(key)), ...keys.filter((key) => excluded.has(key))].map(
    (key) => suggestKey([...path, key], key, { flow, colon }, excluded.get(key)),
  );
}

function suggestKey(
  path: readonly string[],
  key: string,
  { flow, colon }: Pick<KeyContext, 'flow' | 'colon'>,
  instead: string | undefined,
): Suggestion {
  const help = keyHelp(path);
  const schema = schemaOf(path) ?? {};
  const form = colon ? { insert: key } : formOf(path, key, schema, flow);
  const detail = [
    help?.section === true ? 'section' : help?.allowed,
    help?.defaultText === undefined ? undefined : `default ${help.defaultText}`,
    instead === undefined ? undefined : `in place of ${instead}`,
  ].filter((part) => part !== undefined);
  return {
    label: key,
    kind: help?.section === true ? 'section' : 'key',
    detail: detail.join(' · '),
    documentation: help?.description ?? '',
    ...form,
  };
}

/** What is written for a key, with its default or a place for its value. */
function formOf(
  path: readonly string[],
  key: string,
  schema: Record<string, unknown>,
  flow: boolean,
): Pick<Suggestion, 'insert' | 'snippet' | 'next'> {
  if (schema.type === 'object') {
    if (flow) return { insert: `${key}: { $0 }`, snippet: true, next: true };
    return { insert: `${key}:\n  ${sectionBody(path, schema)}`, snippet: true, next: true };
  }
  const name = path.join('.');
  if (name === 'data.text') return { insert: `${key}: "{\${1:text}}"`, snippet: true };
  if (name === 'data.prompt' || name === 'data.completion') {
    return { insert: `${key}: "{$1}"`, snippet: true, next: true };
  }
  // What has words, and paths, are suggested at once.
  if (wordsOf(schema).length > 0 && !isList(schema)) return { insert: `${key}: `, next: true };
  if (schema.type === 'boolean') {
    return { insert: `${key}: ${String(schema.default !== true)}` };
  }
  if (schema.type === 'array') return { insert: `${key}: [$0]`, snippet: true, next: true };
  const first: unknown = Array.isArray(schema.examples) ? schema.examples[0] : undefined;
  const shown = schema.default === null || schema.default === undefined ? first : schema.default;
  if (typeof shown === 'number') return { insert: `${key}: \${1:${yamlText(shown)}}`, snippet: true };
  return { insert: `${key}: `, next: !mayBeNull(schema) || path.at(-1) === 'init_from' };
}

/** The required keys of a section, each with a place for its value; or one place for any key. */
function sectionBody(path: readonly string[], schema: Record<string, unknown>): string {
  const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
  const lines = required.map((key, i) => {
    const inner = schemaAt(schema, [key]);
    return inner?.type === 'object' ? `${key}:\n    $${i + 1}` : `${key}: $${i + 1}`;
  });
  return path.length > 0 && lines.length > 0 ? `${lines.join('\n  ')}$0` : '$0';
}

/** Keys that may not stand beside those that are there, each with the one it would take the place of. */
function alternatives(path: readonly string[], taken: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  const full = new Set(taken.map((key) => [...path, key].join('.')));
  for (const group of EXCLUSIVE) {
    const own = group.find((keys) => keys.some((key) => full.has(key)));
    if (own === undefined) continue;
    for (const key of group.flat()) {
      const there = own.find((each) => full.has(each));
      if (!own.includes(key) && there !== undefined) {
        found.set(key.split('.').at(-1) ?? key, there.split('.').at(-1) ?? there);
      }
    }
  }
  return found;
}
