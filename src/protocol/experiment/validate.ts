import { Check, Errors } from 'typebox/schema';
import { Settings } from 'typebox/system';
import { InputError } from '../../base/errors';
import { isRecord } from '../../base/guards';
import { show } from '../../base/show';
import { nearest } from '../../base/nearest';
import { allowedWords, describeSchema } from './expected';
import type { ExperimentValues } from './schema/experiment';
import { inputSchema, keysOf, pathsOfKey, schemaAt } from './schema/input';
import type { KeyPath, Locate } from './source';

/** The schema of experiment files, as plain JSON. */
export const EXPERIMENT_SCHEMA = inputSchema();

/** One thing that a schema does not allow, and where: `at` in the value, `schema` what was asked of it there. */
interface Problem {
  readonly keyword: string;
  readonly at: KeyPath;
  readonly schema: Record<string, unknown>;
  /** The keys that it is about, where it is about keys. */
  readonly keys: readonly string[];
}

/**
 * Checks `value` key by key and fills in the defaults. `value` is changed. Each thing that is wrong becomes one
 * `InputError` in `errors`, with its place; then the result is undefined.
 */
export function validateValues(
  value: unknown,
  locate: Locate,
  errors: InputError[],
): ExperimentValues | undefined {
  if (!isRecord(value)) {
    errors.push(
      new InputError({
        what: value === null || value === undefined ? 'the file is empty' : 'the file is no map of keys',
        ...locate([], 'value'),
        expected: `the keys ${keysOf(EXPERIMENT_SCHEMA).join(', ')}`,
        remedy: 'model and data are needed; everything else has a default.',
      }),
    );
    return undefined;
  }
  dropEmptySections(value, EXPERIMENT_SCHEMA);
  fillDefaults(value, EXPERIMENT_SCHEMA);
  if (isExperiment(value)) return value;
  const seen = new Set<string>();
  for (const problem of problemsOf(value)) {
    for (const error of translate(problem, valueAt(value, problem.at), locate)) {
      const place = `${error.facts.key ?? ''} ${problem.keyword === 'required' ? 'required' : ''}`;
      if (seen.has(place)) continue;
      seen.add(place);
      errors.push(error);
    }
  }
  return undefined;
}

/** Every key whose value is of the wrong kind is worth telling, and there are not many keys. */
Settings.Set({ maxErrors: 10_000 });

function isExperiment(value: unknown): value is ExperimentValues {
  return Check(EXPERIMENT_SCHEMA, value);
}

function problemsOf(value: unknown): Problem[] {
  const [, found] = Errors(EXPERIMENT_SCHEMA, value);
  return found.flatMap((problem) => {
    const { keyword, schemaPath } = problem;
    // Of a value with alternatives only the whole is worth telling; of a key that is not known, its section does.
    if (keyword === 'boolean' || /\/anyOf\/\d/u.test(schemaPath)) return [];
    const schema = schemaPath
      .split('/')
      .slice(1)
      .map(unescape)
      .reduce<unknown>((inner, step) => (isRecord(inner) ? inner[step] : undefined), EXPERIMENT_SCHEMA);
    let keys: readonly string[] = [];
    if (keyword === 'additionalProperties') keys = problem.params.additionalProperties;
    if (keyword === 'required') keys = problem.params.requiredProperties;
    return [{ keyword, at: pointerPath(problem.instancePath), schema: isRecord(schema) ? schema : {}, keys }];
  });
}

function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (inner, step) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, step) : undefined),
    value,
  );
}

/** Gives each key that is not there its default, section by section. */
function fillDefaults(value: Record<string, unknown>, schema: Record<string, unknown>): void {
  for (const key of keysOf(schema)) {
    const inner = schemaAt(schema, [key]);
    if (inner === undefined) continue;
    if (!Object.hasOwn(value, key) && 'default' in inner) value[key] = structuredClone(inner.default);
    const section = value[key];
    if (isRecord(section)) fillDefaults(section, inner);
  }
}

/** A section whose keys are all commented out is null in YAML; it means the same as no section. */
function dropEmptySections(value: Record<string, unknown>, schema: Record<string, unknown>): void {
  for (const key of Object.keys(value)) {
    const inner = schemaAt(schema, [key]);
    if (inner?.type !== 'object') continue;
    const section = value[key];
    if (section === null) Reflect.deleteProperty(value, key);
    else if (isRecord(section)) dropEmptySections(section, inner);
  }
}

function translate({ keyword, at, schema, keys }: Problem, value: unknown, locate: Locate): InputError[] {
  switch (keyword) {
    case 'additionalProperties':
      return keys.map((key) => unknownKey([...at, key], schema, locate));
    case 'required':
      return keys.map((key) => missingKey(at, key, locate));
    default:
      return [wrongValue(keyword, at, schema, value, locate)];
  }
}

function missingKey(section: KeyPath, key: string, locate: Locate): InputError {
  const inner = schemaAt(EXPERIMENT_SCHEMA, [...section, key]);
  return new InputError({
    what: 'this key is missing',
    code: 'missing-key',
    ...locate(section, 'key'),
    key: [...section, key].join('.'),
    expected: inner === undefined ? undefined : describeSchema(inner),
  });
}

function wrongValue(
  keyword: string,
  at: KeyPath,
  schema: Record<string, unknown>,
  value: unknown,
  locate: Locate,
): InputError {
  const words = allowedWords(schema);
  const meant = typeof value === 'string' ? nearest(value, words) : undefined;
  return new InputError({
    what: keyword === 'type' ? 'this value is of the wrong type' : 'this value is not allowed',
    code: 'wrong-value',
    meant,
    ...locate(at, 'value'),
    key: keyName(at),
    got: show(value),
    expected: describeSchema(schema),
    remedy: meant === undefined ? undefined : `Did you mean ${meant}?`,
  });
}

/** The error for a key that no section of the schema has there. */
export function unknownKey(path: KeyPath, schema: Record<string, unknown>, locate: Locate): InputError {
  const key = String(path.at(-1));
  const allowed = keysOf(schema);
  const elsewhere = pathsOfKey(EXPERIMENT_SCHEMA, key)[0];
  const meant = nearest(key, allowed);
  let remedy: string | undefined;
  if (elsewhere !== undefined) remedy = `It stands at ${elsewhere.join('.')}.`;
  else if (meant !== undefined) remedy = `Did you mean ${meant}?`;
  return new InputError({
    what: 'unknown key',
    code: 'unknown-key',
    meant: elsewhere === undefined ? meant : undefined,
    ...locate(path, 'key'),
    key: keyName(path),
    expected: `one of ${allowed.join(', ')}`,
    remedy,
  });
}

/** `data.train[1]` for the path of a value. Long keys are cut: an error is one line. */
function keyName(path: KeyPath): string {
  return path
    .map((step) =>
      typeof step === 'number' ? `[${step}]` : `.${step.length > 60 ? `${step.slice(0, 60)}…` : step}`,
    )
    .join('')
    .replace(/^\./u, '');
}

function pointerPath(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map(unescape)
    .map((step) => (/^\d+$/u.test(step) ? Number(step) : step));
}

function unescape(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}
