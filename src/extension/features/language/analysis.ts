import { parseExperiment, type ParsedExperiment } from '../../../protocol/experiment/parse';
import { entriesOf, type Entry } from './entries';
import { Lines } from './lines';
import { problemOf, type Problem } from './problems';

/** One version of an experiment file, read once; every feature of the editor works on it. */
export interface Analysis {
  readonly file: string;
  readonly text: string;
  readonly lines: Lines;
  readonly parsed: ParsedExperiment;
  readonly entries: readonly Entry[];
  /** All that the text alone shows to be wrong or without effect. */
  readonly problems: readonly Problem[];
}

/** Reads a text; it never throws. */
export function analyse(text: string, file: string): Analysis {
  const parsed = parseExperiment(text, file);
  const lines = new Lines(text);
  return {
    file,
    text,
    lines,
    parsed,
    entries: entriesOf(parsed.document),
    problems: [
      ...parsed.errors.map(({ facts }) => problemOf(facts, 'error', lines)),
      ...parsed.warnings.map((facts) => problemOf(facts, 'warning', lines)),
    ],
  };
}
