import type { Document } from 'yaml';
import { type ErrorFacts, InputError, InputErrors } from '../../base/errors';
import { isRecord } from '../../base/guards';
import { applyOverrides } from './overrides';
import { resolveExperiment } from './resolve';
import { checkRules } from './rules';
import type { ExperimentValues } from './schema/experiment';
import { type Locate, parseSource } from './source';
import { checkSupport } from './support';
import type { Experiment } from './types';
import { validateValues } from './validate';

/** A text read as an experiment. `values` is there when every key and every rule between keys is right. */
export interface ParsedExperiment {
  readonly values: ExperimentValues | undefined;
  readonly locate: Locate;
  /** The YAML as far as it could be read, for what looks at the text itself. */
  readonly document: Document.Parsed | undefined;
  /** All that is wrong, in the order of the file; what is not there yet is among it. */
  readonly errors: readonly InputError[];
  readonly warnings: readonly ErrorFacts[];
}

/**
 * Reads the text of an experiment file with `--set` overrides on top. Pure: no file is looked for. It never
 * throws for anything the text may hold.
 */
export function parseExperiment(
  text: string,
  file: string,
  overrides: readonly string[] = [],
): ParsedExperiment {
  const errors: InputError[] = [];
  const source = parseSource(text, file, errors);
  const { document } = source;
  let { locate } = source;
  if (errors.length > 0) return { values: undefined, locate, document, errors, warnings: [] };
  const value = source.value ?? (overrides.length > 0 ? {} : undefined);
  if (isRecord(value)) locate = applyOverrides(value, overrides, locate, errors);
  const raw = isRecord(value) ? copyOf(value) : value;
  const values = validateValues(value, locate, errors);
  if (values === undefined) return { values, locate, document, errors: inOrder(errors), warnings: [] };
  const { errors: broken, warnings } = checkRules(values, raw, locate);
  errors.push(...broken, ...checkSupport(values, locate));
  return {
    values: errors.length === 0 ? values : undefined,
    locate,
    document,
    errors: inOrder(errors),
    warnings,
  };
}

/**
 * Reads the experiment kept in `run.json`. Throws `InputErrors` where it isn't one; keys that this version
 * doesn't know are refused too, since a run would not go on as it began.
 */
export function decodeExperiment(value: unknown, file: string): Experiment {
  const errors: InputError[] = [];
  const copy: unknown = structuredClone(value);
  const raw: unknown = structuredClone(value);
  const locate: Locate = () => ({ file });
  const values = validateValues(copy, locate, errors);
  if (values !== undefined) errors.push(...checkRules(values, raw, locate).errors);
  throwAll(errors);
  if (values === undefined) throw new InputError({ what: 'this is no experiment', file });
  return resolveExperiment(values, 'run', (path) => path);
}

/** Throws all errors as one; returns when there are none. */
export function throwAll(errors: readonly InputError[]): void {
  const [first, ...rest] = errors;
  if (first === undefined) return;
  throw rest.length === 0 ? first : new InputErrors([first, ...rest]);
}

/** Two levels deep, which is as deep as the rules look; what hostile text nests further is shared. */
function copyOf(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, isRecord(inner) ? { ...inner } : inner]),
  );
}

function inOrder(errors: readonly InputError[]): InputError[] {
  return [...errors].sort(
    (a, b) => (a.facts.line ?? 0) - (b.facts.line ?? 0) || (a.facts.column ?? 0) - (b.facts.column ?? 0),
  );
}
