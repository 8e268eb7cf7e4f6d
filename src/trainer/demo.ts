import { InputError } from '../base/errors';
import type { Terminal } from './cli/terminal';

/** Tunes the embedded sample and shows what came of it. Returns the exit code. */
export const runDemo: (terminal: Terminal) => Promise<number> = () => {
  throw new InputError({ what: 'the embedded sample is not there yet', expected: 'eigenloom run FILE' });
};
