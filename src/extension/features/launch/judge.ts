import type { ErrorFacts } from '../../../base/errors';
import type { Finding } from '../../../protocol/inspector';

/** Something that may go wrong; `key` is the same for the same thing in other figures. */
interface Doubt {
  readonly key: string;
  readonly message: string;
}

/** What is to be done about some findings. */
export interface Judgement {
  /** What keeps the run from starting. */
  readonly errors: readonly Finding[];
  /** What the user is asked about. */
  readonly doubts: readonly Doubt[];
  /** What is worth a line in the log. */
  readonly notes: readonly string[];
}

/**
 * Sorts findings by what is to be done about them. A warning with a place is about the text of the experiment, where
 * the editor shows it; one without is about this machine or the data, and the user is asked, unless they have gone on
 * in spite of it before.
 */
export function judge(findings: readonly Finding[], accepted: ReadonlySet<string>): Judgement {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const doubts = findings
    .filter(({ severity, line }) => severity === 'warning' && line === undefined)
    .map(({ message }) => ({ key: keyOf(message), message }))
    .filter(({ key }) => !accepted.has(key));
  const notes = findings.filter(({ severity }) => severity !== 'error').map(({ message }) => message);
  return { errors, doubts, notes };
}

/** The facts of an error that keeps a run from starting; `more` is how many others there are. */
export function errorOf(
  { message, file, line, column }: Finding,
  more: number,
  experiment: string,
): ErrorFacts {
  const others = more === 0 ? '' : ` (and ${more} more ${more === 1 ? 'problem' : 'problems'})`;
  return { what: message + others, file: file ?? experiment, line, column };
}

function keyOf(message: string): string {
  return message.replaceAll(/\d[\d.,]*/gu, '#');
}
