import Ajv2020, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2020';
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

let compiled: ValidateFunction<ExperimentValues> | undefined;

/** Compiled when first used: most commands check no experiment, and compiling takes a tenth of a second. */
function check(): ValidateFunction<ExperimentValues> {
  compiled ??= new Ajv2020({
    strict: true,
    // For people: what a number counts.
    keywords: ['unit'],
    allErrors: true,
    verbose: true,
    useDefaults: true,
    code: { optimize: false },
  }).compile<ExperimentValues>(EXPERIMENT_SCHEMA);
  return compiled;
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
  const isExperiment = check();
  if (isExperiment(value)) return value;
  const seen = new Set<string>();
  for (const problem of isExperiment.errors ?? []) {
    // Of a value with alternatives only the whole is worth telling.
    if (/\/anyOf\/\d/u.test(problem.schemaPath)) continue;
    const error = translate(problem, locate);
    const place = `${error.facts.key ?? ''} ${problem.keyword === 'required' ? 'required' : ''}`;
    if (seen.has(place)) continue;
    seen.add(place);
    errors.push(error);
  }
  return undefined;
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

function translate(problem: ErrorObject, locate: Locate): InputError {
  const path = pointerPath(problem.instancePath);
  const schema = isRecord(problem.parentSchema) ? problem.parentSchema : {};
  switch (problem.keyword) {
    case 'additionalProperties': {
      const params: unknown = problem.params;
      const key = isRecord(params) ? String(params.additionalProperty) : '';
      return unknownKey([...path, key], schema, locate);
    }
    case 'required': {
      const params: unknown = problem.params;
      const key = isRecord(params) ? String(params.missingProperty) : '';
      const inner = schemaAt(EXPERIMENT_SCHEMA, [...path, key]);
      return new InputError({
        what: 'this key is missing',
        code: 'missing-key',
        ...locate(path, 'key'),
        key: [...path, key].join('.'),
        expected: inner === undefined ? undefined : describeSchema(inner),
      });
    }
    default: {
      const words = allowedWords(schema);
      const meant = typeof problem.data === 'string' ? nearest(problem.data, words) : undefined;
      return new InputError({
        what: problem.keyword === 'type' ? 'this value is of the wrong type' : 'this value is not allowed',
        code: 'wrong-value',
        meant,
        ...locate(path, 'value'),
        key: keyName(path),
        got: show(problem.data),
        expected: describeSchema(schema),
        remedy: meant === undefined ? undefined : `Did you mean ${meant}?`,
      });
    }
  }
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
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/u.test(step) ? Number(step) : step));
}
