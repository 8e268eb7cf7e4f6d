import { assertNever, EigenloomError, toError } from '../base/errors';
import { decodeTaskRequest, type TaskRequest } from '../protocol/tasks';
import { EXIT, exitCodeOf } from './exit';
import { evaluate } from './tasks/evaluate';
import { exportRun } from './tasks/export';
import { generate } from './tasks/generate';
import type { TaskOutput } from './tasks/output';
import { plan } from './tasks/plan';
import { spectra } from './tasks/spectra';

/** Waits for one request from the process that started this one, does it, and returns the exit code. */
export async function answerTask(): Promise<number> {
  const output: TaskOutput = {
    print: (text) => process.stdout.write(text),
    note: (line) => process.stderr.write(`${line}\n`),
  };
  // The reader of the output has gone: there is nobody left to answer.
  process.stdout.on('error', () => process.exit(EXIT.done));
  try {
    const message = await new Promise<unknown>((resolve) => process.once('message', resolve));
    process.disconnect();
    await answer(decodeTaskRequest(message), output);
    return EXIT.done;
  } catch (thrown) {
    const error = toError(thrown);
    output.note(`error: ${error instanceof EigenloomError ? error.message : (error.stack ?? error.message)}`);
    return exitCodeOf(thrown);
  }
}

async function answer(request: TaskRequest, output: TaskOutput): Promise<void> {
  switch (request.task) {
    case 'evaluate':
      return evaluate(request, output);
    case 'generate':
      return generate(request, output);
    case 'spectra':
      return spectra(request, output);
    case 'plan':
      return plan(request, output);
    case 'export':
      return exportRun(request, output);
    default:
      return assertNever(request);
  }
}
