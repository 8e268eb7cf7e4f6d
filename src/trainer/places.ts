import { readFileSync } from 'node:fs';
import { InputError, InputErrors } from '../base/errors';
import { parseExperiment } from '../protocol/experiment/parse';
import { schemaAt } from '../protocol/experiment/schema/input';
import { type KeyPath, type Locate, pathOf } from '../protocol/experiment/source';
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
  return placedBy(thrown, (path) => {
    let text: string;
    try {
      text = readFileSync(source.copy, 'utf8');
    } catch {
      return {};
    }
    return parseExperiment(text, source.file, source.overrides).locate(path, 'value');
  });
}

/** As `withPlace`, by what knows where a key's value stands. */
export function placedBy(thrown: unknown, locate: (path: KeyPath) => ReturnType<Locate>): unknown {
  if (thrown instanceof InputErrors) return thrown;
  if (!(thrown instanceof InputError) || thrown.facts.key === undefined) return thrown;
  const { facts } = thrown;
  const path = pathOf(thrown.facts.key);
  const named = path.filter((step) => typeof step === 'string');
  if (facts.file !== undefined || schemaAt(EXPERIMENT_SCHEMA, named) === undefined) return thrown;
  return new InputError({ ...facts, ...locate(path) }, { cause: thrown });
}
