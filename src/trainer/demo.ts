import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { InputError, RunError } from '../base/errors';
import { decodeRunRecord } from '../protocol/run/decode';
import type { GenerateRequest } from '../protocol/tasks';
import { type FoundRun, listRuns } from '../runs/store';
import type { RunRecord } from '../protocol/run/record';
import { runCommand } from './cli/run';
import type { Terminal } from './cli/terminal';
import { summariseRun } from './demoSummary';
import { EXIT } from './exit';
import { runTask } from './runTask';

/** The sample lies beside the bundle's folder, in a checkout and in a package. */
const SAMPLE = join(__dirname, '..', 'media', 'sample');

/** Beginnings that either style can go on with. */
const PROMPTS = ['It was a', 'He had', 'The captain'] as const;

/** Where the runs go, below the current folder, as those of `eigenloom run`. */
const RUNS = 'runs';

/**
 * Tunes the embedded sample with LaMDA by way of an ordinary run, and shows what came of it: lines of the model
 * before and after, the evaluation loss, what was trained, the time, and where the run lies. Returns the exit code.
 */
export async function runDemo(terminal: Terminal): Promise<number> {
  const config = join(SAMPLE, 'lamda.tune.yaml');
  const model = join(SAMPLE, 'model');
  if (!existsSync(config)) {
    throw new InputError({
      what: 'the embedded sample is not there',
      file: config,
      expected: 'media/sample',
    });
  }
  terminal.print('A small language model that learned to write from State of the Union addresses');
  terminal.print('is tuned to the style of Moby-Dick with LaMDA, in a minute or two.');
  terminal.print('');
  const before = await generateLines(terminal, 'Before, it writes:', { kind: 'model', path: model });
  if (before !== EXIT.done) return before;
  terminal.print('');
  // The run's own result lines would say twice what the summary says.
  const quiet: Terminal = { ...terminal, print: () => undefined };
  const code = await runCommand(config, { set: [], runs: RUNS, json: false }, quiet);
  if (code !== EXIT.done) return code;
  const { paths, record } = latestRun(config);
  terminal.print('');
  const after = await generateLines(terminal, 'After, it writes:', { kind: 'run', path: paths.folder });
  if (after !== EXIT.done) return after;
  terminal.print('');
  for (const line of summariseRun(record, paths)) terminal.print(line);
  return EXIT.done;
}

/** Lets the model go on from each prompt. Returns the exit code. */
async function generateLines(
  terminal: Terminal,
  title: string,
  target: GenerateRequest['target'],
): Promise<number> {
  terminal.print(title);
  for (const prompt of PROMPTS) {
    terminal.print(`\n  ${prompt} …`);
    const request = {
      task: 'generate',
      target,
      prompt,
      maxNewTokens: 40,
      temperature: 0.4,
      seed: 1,
    } as const;
    const code = await runTask(request);
    if (code !== EXIT.done) return code;
  }
  return EXIT.done;
}

function latestRun(config: string): FoundRun<RunRecord> {
  const root = resolve(RUNS);
  const found = listRuns(root, decodeRunRecord).runs.find(
    ({ record }) => record.source.file === resolve(config),
  );
  if (found === undefined) throw new RunError({ what: 'the run that just ended is gone', file: root });
  return found;
}
