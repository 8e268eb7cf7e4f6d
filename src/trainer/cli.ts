import { CommanderError } from 'commander';
import { EigenloomError, InputErrors, toError } from '../base/errors';
import { makeProgram } from './cli/program';
import { processTerminal } from './cli/terminal';
import { EXIT, exitCodeOf } from './exit';

/** The command line's process. */
async function main(words: readonly string[]): Promise<void> {
  const terminal = processTerminal();
  const program = makeProgram(terminal, (code) => {
    process.exitCode = code;
  });
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap(({ commands }) => commands),
  ]) {
    command.exitOverride();
  }
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      // Commander has printed what is wrong; help and version end with 0.
      process.exitCode = thrown.exitCode === 0 ? EXIT.done : EXIT.wrongInput;
      return;
    }
    process.exitCode = exitCodeOf(thrown);
    const errors = thrown instanceof InputErrors ? thrown.errors : [toError(thrown)];
    for (const error of errors) {
      terminal.note(
        `error: ${error instanceof EigenloomError ? error.message : (error.stack ?? error.message)}`,
      );
    }
  }
}

void main(process.argv.slice(2));
