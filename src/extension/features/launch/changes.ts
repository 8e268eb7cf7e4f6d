import { isRecord } from '../../../base/guards';
import { allowedWords, describeSchema } from '../../../protocol/experiment/expected';
import { parseExperiment } from '../../../protocol/experiment/parse';
import { keysOf, schemaAt } from '../../../protocol/experiment/schema/input';
import { EXPERIMENT_SCHEMA } from '../../../protocol/experiment/validate';

/** A key of an experiment whose value can be another for one run. */
export interface ChangeableKey {
  /** e.g. `training.max_steps`. */
  readonly key: string;
  /** Plain text: where it is shown, Markdown's marks would stand as they are. */
  readonly description: string;
  /** What it may hold, in words. */
  readonly allowed: string;
  /** The words it may hold, where there are but a few. */
  readonly words: readonly string[];
}

/** All keys that have values of their own, in the order of the contract. */
export function collectKeys(path: readonly string[] = []): ChangeableKey[] {
  const schema = schemaAt(EXPERIMENT_SCHEMA, path) ?? {};
  const keys = keysOf(schema);
  if (keys.length > 0) return keys.flatMap((key) => collectKeys([...path, key]));
  const words = schema.type === 'boolean' ? ['true', 'false'] : allowedWords(schema);
  const isList = schema.type === 'array' || (Array.isArray(schema.anyOf) && schema.anyOf.some(isListSchema));
  return [
    {
      key: path.join('.'),
      description: typeof schema.description === 'string' ? schema.description.replaceAll('`', '') : '',
      allowed: describeSchema(schema),
      words: isList ? [] : words,
    },
  ];
}

function isListSchema(schema: unknown): boolean {
  return isRecord(schema) && schema.type === 'array';
}

/** The value that a run would have, as it is written in a file; empty where it would have none. */
export function valueOf(values: unknown, key: string): string {
  let value: unknown = values;
  for (const step of key.split('.')) value = isRecord(value) ? value[step] : undefined;
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Overrides by key, in the order in which they were made. */
export type Changes = ReadonlyMap<string, string>;

/** The changes as `--set` takes them. */
export function overridesOf(changes: Changes): string[] {
  return [...changes].map(([key, value]) => `${key}=${value}`);
}

/** Reads what was kept of earlier changes; what is no list of assignments is none. */
export function decodeChanges(value: unknown): Changes {
  const known = new Set(collectKeys().map(({ key }) => key));
  const changes = new Map<string, string>();
  for (const item of Array.isArray(value) ? value : []) {
    if (typeof item !== 'string') continue;
    const split = item.indexOf('=');
    const key = item.slice(0, Math.max(0, split));
    if (known.has(key)) changes.set(key, item.slice(split + 1));
  }
  return changes;
}

/** What an experiment comes to with changes on top; `values` is undefined where something is wrong with it. */
export function applied(text: string, file: string, changes: Changes): { values: unknown } {
  return { values: parseExperiment(text, file, overridesOf(changes)).values };
}

/** What is wrong with one changed value by itself, or together with the rest; undefined where nothing is. */
export function problemOf(text: string, file: string, changes: Changes, key: string): string | undefined {
  const value = changes.get(key) ?? '';
  if (value.trim() === '') return 'A value is needed.';
  const own = `--set ${key}=${value}`;
  const { errors } = parseExperiment(text, file, overridesOf(changes));
  const error = errors.find(({ facts }) => facts.file === own);
  if (error === undefined) return undefined;
  const { what, expected, remedy } = error.facts;
  return [
    what[0]?.toUpperCase() ?? '',
    what.slice(1),
    expected === undefined ? '' : `; expected ${expected}`,
    '.',
    remedy === undefined ? '' : ` ${remedy}`,
  ].join('');
}
