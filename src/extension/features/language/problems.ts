import { describeFacts, type ErrorFacts } from '../../../base/errors';
import { type KeyPath, pathOf } from '../../../protocol/experiment/source';
import type { Span } from './entries';
import type { Lines } from './lines';
import type { KeyChange } from './setKeys';

/** Something wrong in a file, where it stands in the text. */
export interface Problem {
  readonly span: Span;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** What sort of fault it is, by which it is mended. */
  readonly code: string;
  /** The key it is about; empty where it is the whole file. */
  readonly path: KeyPath;
  /** What was meant, most likely. */
  readonly meant: string | undefined;
  /** Whether the text has no effect, and is shown faded. */
  readonly unnecessary: boolean;
  /** Ways to mend it by other values of keys, where they had to be found out; the likeliest first. */
  readonly ways?: readonly Way[];
}

/** A way to mend a problem. */
export interface Way {
  readonly title: string;
  readonly changes: readonly KeyChange[];
}

/** The problem that an error's facts tell; its place is theirs. */
export function problemOf(facts: ErrorFacts, severity: Problem['severity'], lines: Lines): Problem {
  const { line = 1, column = 1, endLine, endColumn } = facts;
  const start = lines.offset(line, column);
  const end = endLine === undefined ? start : lines.offset(endLine, endColumn ?? 1);
  return {
    // A fault without a width (a missing bracket) is shown on the character before it.
    span: end > start ? { start, end } : { start: Math.max(0, start - 1), end: Math.max(start, 1) },
    severity,
    message: sentenceOf(facts),
    code: facts.code ?? 'invalid',
    path: facts.key === undefined ? [] : pathOf(facts.key),
    meant: facts.meant,
    unnecessary: facts.code === 'no-effect',
  };
}

/** An error's sentence without the place and the key, which an editor shows by where it stands. */
export function sentenceOf({ what, got, expected, remedy, code, key }: ErrorFacts): string {
  const missing = code === 'missing-key' && key !== undefined ? `the key ${key} is missing` : what;
  const sentence = describeFacts({ what: missing, got, expected, remedy });
  return /^[a-z]/u.test(sentence) ? sentence.charAt(0).toUpperCase() + sentence.slice(1) : sentence;
}
