import { EigenloomError, type ErrorKind } from '../base/errors';

/** The exit codes of every command. */
export const EXIT = { done: 0, failed: 1, wrongInput: 2, stopped: 130 } as const;

/** The exit code that a failure of this kind ends with. */
export function exitCodeOfKind(kind: ErrorKind): number {
  return kind === 'input' ? EXIT.wrongInput : EXIT.failed;
}

/** The exit code that a thrown value ends with; what is no error of ours is a bug of ours. */
export function exitCodeOf(thrown: unknown): number {
  return exitCodeOfKind(thrown instanceof EigenloomError ? thrown.kind : 'bug');
}
