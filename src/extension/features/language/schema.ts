import { isRecord } from '../../../base/guards';
import { allowedWords, describeSchema } from '../../../protocol/experiment/expected';
import { schemaAt } from '../../../protocol/experiment/schema/input';
import { EXPERIMENT_SCHEMA } from '../../../protocol/experiment/validate';

type Schema = Record<string, unknown>;

/** What the schema says of a key, in words. */
export interface KeyHelp {
  readonly description: string;
  /** What values it takes, e.g. `an integer, at least 1`. */
  readonly allowed: string;
  /** As YAML writes it; undefined where there is none. */
  readonly defaultText: string | undefined;
  /** What a number counts, e.g. `tokens`. */
  readonly unit: string | undefined;
  readonly section: boolean;
}

/** The schema of the value at a path; items of a list have that of the list. */
export function schemaOf(path: readonly (string | number)[]): Schema | undefined {
  return schemaAt(
    EXPERIMENT_SCHEMA,
    path.filter((step) => typeof step === 'string'),
  );
}

/** What there is to say of a key; undefined where there is no such key. */
export function keyHelp(path: readonly (string | number)[]): KeyHelp | undefined {
  const schema = schemaOf(path);
  if (schema === undefined) return undefined;
  const section = schema.type === 'object';
  return {
    description: typeof schema.description === 'string' ? schema.description : '',
    allowed: describeSchema(schema),
    defaultText: section || !('default' in schema) ? undefined : yamlText(schema.default),
    unit: typeof schema.unit === 'string' ? schema.unit : undefined,
    section,
  };
}

/** The words that a value may be, each with what the key's description says of it. */
export function wordsOf(schema: Schema): readonly { readonly word: string; readonly help: string }[] {
  const words = allowedWords(isList(schema) && isRecord(schema.items) ? schema.items : schema);
  const description = typeof schema.description === 'string' ? schema.description : '';
  return words.map((word) => ({ word, help: helpOf(word, words, description) }));
}

/** Descriptions tell of each word by `word: what it does.` */
function helpOf(word: string, words: readonly string[], description: string): string {
  const found = words
    .map((each) => ({ each, at: ` ${description}`.search(new RegExp(`\\s${escaped(each)}: `, 'u')) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at);
  const own = found.findIndex(({ each }) => each === word);
  const start = found[own]?.at;
  if (start === undefined) return '';
  return description.slice(start + word.length + 2, found[own + 1]?.at).trim();
}

/** Whether a value is a list, or may be one. */
export function isList(schema: Schema): boolean {
  return schema.type === 'array' || branches(schema).some((branch) => branch.type === 'array');
}

/** Whether a value may be null. */
export function mayBeNull(schema: Schema): boolean {
  return branches(schema).some((branch) => branch.type === 'null');
}

/** A value as YAML writes it on one line. */
export function yamlText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(yamlText).join(', ')}]`;
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') return /^[\w.+/-]+$/u.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

/** Readers of YAML 1.1 take `2e-4` for text: an exponent needs a point before it. */
function numberText(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-2) {
    const [digits = '', exponent = ''] = value.toExponential().split('e');
    return `${digits.includes('.') ? digits : `${digits}.0`}e${exponent}`;
  }
  return String(value);
}

function branches(schema: Schema): Schema[] {
  return Array.isArray(schema.anyOf) ? schema.anyOf.filter(isRecord) : [];
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`);
}
