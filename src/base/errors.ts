/**
 * Every failure a person may see is one of these. The constructor takes facts; `describeError` writes the
 * sentence: what is wrong, where, what was found, what is allowed, and what to do about it.
 */
export interface ErrorFacts {
  /** What is wrong, as a sentence without the place, e.g. `rank 4096 is larger than the matrix`. */
  readonly what: string;
  /** File (or run folder) the fact was read from. */
  readonly file?: string | undefined;
  /** 1-based line and column in `file`. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** Where it ends, exclusive, counted as `line` and `column`; only there where the beginning is. */
  readonly endLine?: number | undefined;
  readonly endColumn?: number | undefined;
  /** What sort of fault it is, for tools that mend it, e.g. `unknown-key`. */
  readonly code?: string | undefined;
  /** What was meant, most likely: takes the place of what stands there. */
  readonly meant?: string | undefined;
  /** Config key, e.g. `adapter.rank`. */
  readonly key?: string | undefined;
  /** Tensor or graph value the error is about. */
  readonly tensor?: string | undefined;
  readonly got?: string | undefined;
  readonly expected?: string | undefined;
  /** The next step, as an imperative sentence. */
  readonly remedy?: string | undefined;
}

/**
 * What a command exits with: `input` errors are the user's to mend (exit 2), `run` errors ended a run (exit 1),
 * `bug` errors are ours.
 */
export type ErrorKind = 'input' | 'run' | 'bug';

/** An error with facts. `kind` decides the exit code and whether a log is offered. */
export class EigenloomError extends Error {
  override readonly name: string = 'EigenloomError';
  constructor(
    readonly kind: ErrorKind,
    readonly facts: ErrorFacts,
    options?: ErrorOptions,
  ) {
    super(describeFacts(facts), options);
  }
}

/** The user's config, data or model is wrong: nothing was changed, and the message says how to mend it. */
export class InputError extends EigenloomError {
  override readonly name = 'InputError';
  constructor(facts: ErrorFacts, options?: ErrorOptions) {
    super('input', facts, options);
  }
}

/** Everything that is wrong with one input, together; `facts` are the first one's, the message has a line for each. */
export class InputErrors extends InputError {
  constructor(readonly errors: readonly [InputError, ...InputError[]]) {
    super(errors[0].facts);
    this.message = errors.map((error) => error.message).join('\n');
  }
}

/** A run could not go on (NaN loss, disk full, provider failure). */
export class RunError extends EigenloomError {
  override readonly name = 'RunError';
  constructor(facts: ErrorFacts, options?: ErrorOptions) {
    super('run', facts, options);
  }
}

/** An invariant of the engine is broken: a malformed graph, a missing rule. */
export class GraphError extends EigenloomError {
  override readonly name = 'GraphError';
  constructor(facts: ErrorFacts, options?: ErrorOptions) {
    super('bug', facts, options);
  }
}

/** The sentence for some facts: place, what, got, expected, remedy. */
export function describeFacts(facts: ErrorFacts): string {
  const place = [
    facts.file === undefined
      ? undefined
      : facts.file +
        (facts.line === undefined
          ? ''
          : `:${facts.line}${facts.column === undefined ? '' : `:${facts.column}`}`),
    facts.key === undefined ? undefined : `key '${facts.key}'`,
    facts.tensor === undefined ? undefined : `tensor '${facts.tensor}'`,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
  const parts = [place === '' ? facts.what : `${place}: ${facts.what}`];
  if (facts.got !== undefined) parts.push(`got ${facts.got}`);
  if (facts.expected !== undefined) parts.push(`expected ${facts.expected}`);
  const sentence = parts.join('; ');
  return facts.remedy === undefined ? sentence : `${sentence}. ${facts.remedy}`;
}

/** Narrows an unknown thrown value to an `Error`. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Ends a `switch` over a union: the compiler proves that nothing reaches it. */
export function assertNever(value: never): never {
  throw new GraphError({ what: `unexpected value ${JSON.stringify(value)}` });
}
