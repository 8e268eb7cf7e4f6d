import { readFileSync } from 'node:fs';
import { InputError, InputErrors } from '../base/errors';
import { parseExperiment } from '../protocol/experiment/parse';
import { schemaAt } from '../protocol/experiment/schema/input';
import { EXPERIMENT_SCHEMA } from '../protocol/experiment/validate';

/** An experiment file as it was given: where it lies, a copy of its text, and the `--set` values on top of it. */
export interface ExperimentSource {
  readonly file: string;
  readonly copy: string;
  readonly overrides: readonly string[];
}

/**
 * Gives an input error that names a key of the experiment, but no place, the file, line and column of that key: what
 * finds the error knows the experiment by its values alone. Anything else thrown is returned as it is.
 */
export function withPlace(thrown: unknown, source: ExperimentSource): unknown {
  if (thrown instanceof InputErrors) return thrown;
  if (!(thrown instanceof InputError) || thrown.facts.key === undefined) return thrown;
  const { facts } = thrown;
  const path = pathOf(thrown.facts.key);
  const named = path.filter((step) => typeof step === 'string');
  if (facts.file !== undefined || schemaAt(EXPERIMENT_SCHEMA, named) === undefined) return thrown;
  let text: string;
  try {
    text = readFileSync(source.copy, 'utf8');
  } catch {
    return thrown;
  }
  const { locate } = parseExperiment(text, source.file, source.overrides);
  return new InputError({ ...facts, ...locate(path, 'value') }, { cause: thrown });
}

/** `data.train[1]` as a path. */
function pathOf(key: string): (string | number)[] {
  return key
    .replaceAll(/\[(\d+)\]/gu, '.$1')
    .split('.')
    .map((step) => (/^\d+$/u.test(step) ? Number(step) : step));
}
