import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import manifest from '../../../package.json';
import { InputError } from '../../base/errors';
import { EXPORT_FORMATS, type ExportFormat } from '../../protocol/tasks';
import { findRun } from '../../runs/store';
import { runDemo } from '../demo';
import { runTask } from '../runTask';
import { resumeCommand, runCommand } from './run';
import { diffCommand, listCommand, removeCommand, showCommand } from './runs';
import type { Terminal } from './terminal';

/** Ends with this exit code. */
type Exit = (code: number) => void;

/** The command line: every command and its options. `exit` gets the exit code of the command that ran. */
export function makeProgram(terminal: Terminal, exit: Exit): Command {
  const program = new Command('eigenloom')
    .description('Fine-tune transformer models from an experiment file.')
    .version(manifest.version)
    .showHelpAfterError('(eigenloom --help lists the commands)');
  addTraining(program, terminal, exit);
  addTasks(program, exit);
  addRuns(program, terminal);
  program
    .command('demo')
    .description('tune the embedded sample, and show what came of it')
    .action(async () => {
      exit(await runDemo(terminal));
    });
  return program;
}

const runsOption = (): Option => new Option('--runs <dir>', 'the folder that holds the runs').default('runs');
const setOption = (): Option =>
  new Option('--set <key=value>', 'set a key of the file, e.g. training.max_steps=10; may be repeated')
    .argParser(gather)
    .default([]);
const jsonOption = (): Option =>
  new Option('--json', 'JSON objects on standard output, one a line').default(false);

function addTraining(program: Command, terminal: Terminal, exit: Exit): void {
  program
    .command('run')
    .description('train an experiment file (*.tune.yaml)')
    .argument('<file>', 'the experiment file')
    .addOption(setOption())
    .addOption(runsOption())
    .addOption(jsonOption())
    .action(async (file: string, options: { set: string[]; runs: string; json: boolean }) => {
      exit(await runCommand(file, options, terminal));
    });
  program
    .command('resume')
    .description('go on with a run from its latest checkpoint')
    .argument('<run>', "the run's folder, its id, or the beginning of its id")
    .addOption(runsOption())
    .addOption(jsonOption())
    .action(async (run: string, options: { runs: string; json: boolean }) => {
      exit(await resumeCommand(run, options, terminal));
    });
}

function addTasks(program: Command, exit: Exit): void {
  program
    .command('eval')
    .description('measure the loss of a run, or of the base model of an experiment file, on other rows')
    .argument('<run|file>', 'a run, or an experiment file')
    .requiredOption('--data <path>', 'the rows')
    .addOption(runsOption())
    .action(async (target: string, options: { data: string; runs: string }) => {
      const file = resolve(target);
      const isFile = existsSync(file) && statSync(file).isFile();
      exit(
        await runTask({
          task: 'evaluate',
          target: isFile
            ? { kind: 'experiment', path: file }
            : { kind: 'run', path: findRun(target, resolve(options.runs)) },
          data: resolve(options.data),
        }),
      );
    });
  program
    .command('generate')
    .description('answer a prompt with the tuned model of a run, or with a base model')
    .argument('<run|model>', 'a run, or a model (a folder in Hugging Face form, or a .gguf)')
    .requiredOption('--prompt <text>', 'the prompt')
    .option('--max-new-tokens <n>', 'the most tokens of the answer', wholeNumber(1), 128)
    .option('--temperature <t>', '0: always the likeliest token', positive, 0)
    .option('--seed <s>', 'the seed of the sampling', wholeNumber(0), 42)
    .addOption(runsOption())
    .action(
      async (
        target: string,
        options: { prompt: string; maxNewTokens: number; temperature: number; seed: number; runs: string },
      ) => {
        const { runs, ...rest } = options;
        exit(await runTask({ task: 'generate', target: runOrModel(target, resolve(runs)), ...rest }));
      },
    );
  program
    .command('plan')
    .description('say what an experiment would do: ranks, trainable parameters, memory, step time, device')
    .argument('<file>', 'the experiment file')
    .addOption(setOption())
    .option('--compare', 'show other allocations of the same budget beside it', false)
    .addOption(runsOption())
    .addOption(jsonOption())
    .action(
      async (file: string, options: { set: string[]; compare: boolean; runs: string; json: boolean }) => {
        const { set: overrides, compare, json } = options;
        const runs = resolve(options.runs);
        exit(await runTask({ task: 'plan', file: resolve(file), overrides, runs, compare, json }));
      },
    );
  program
    .command('spectra')
    .description("find the singular values of a model's linear layers, or of what a run has changed in them")
    .argument('<run|model>', 'a run, or a model (a folder in Hugging Face form, or a .gguf)')
    .option('--base <model>', 'beside a model: the one it was made from; the difference is decomposed')
    .option('--modules <pattern>', 'these modules only: a name, path or pattern as in adapter.target_modules')
    .option('--top <k>', 'the most values that are printed of each (with --json)', wholeNumber(1))
    .option('--fast', 'the top values alone, by a randomised decomposition with bounds', false)
    .addOption(runsOption())
    .addOption(jsonOption())
    .action(async (reference: string, options: SpectraOptions) => {
      const { modules: pattern, base, runs, ...rest } = options;
      const target = runOrAnyModel(reference, resolve(runs));
      const baseModel = base === undefined ? {} : { base: resolve(base) };
      exit(await runTask({ task: 'spectra', target, ...baseModel, pattern, ...rest }));
    });
  program
    .command('export')
    .description('write the result of a run in another form')
    .argument('<run>', "the run's folder, its id, or the beginning of its id")
    .addOption(new Option('--format <format>', 'the form').choices(EXPORT_FORMATS).makeOptionMandatory())
    .requiredOption('--out <dir>', 'the folder to make')
    .addOption(runsOption())
    .action(async (run: string, options: { format: ExportFormat; out: string; runs: string }) => {
      if (options.format === 'onnx') throw notThereYet('export --format onnx', 'peft, merged');
      exit(
        await runTask({
          task: 'export',
          run: findRun(run, resolve(options.runs)),
          format: options.format,
          out: resolve(options.out),
        }),
      );
    });
}

interface SpectraOptions {
  base?: string;
  modules?: string;
  top?: number;
  fast: boolean;
  runs: string;
  json: boolean;
}

function addRuns(program: Command, terminal: Terminal): void {
  const runs = program.command('runs').description('list, show, compare and remove runs');
  interface Options {
    runs: string;
    json: boolean;
  }
  runs
    .command('list', { isDefault: true })
    .description('list the runs, the newest first')
    .addOption(runsOption())
    .addOption(jsonOption())
    .action((options: Options) => {
      listCommand(options, terminal);
    });
  runs
    .command('show')
    .description('show what is recorded of a run')
    .argument('<id>', 'the run')
    .addOption(runsOption())
    .addOption(jsonOption())
    .action((id: string, options: Options) => {
      showCommand(id, options, terminal);
    });
  runs
    .command('diff')
    .description('show in which keys two runs differ')
    .argument('<a>', 'the first run')
    .argument('<b>', 'the second run')
    .addOption(runsOption())
    .addOption(jsonOption())
    .action((a: string, b: string, options: Options) => {
      diffCommand(a, b, options, terminal);
    });
  runs
    .command('rm')
    .description('remove a run for good')
    .argument('<id>', 'the run')
    .addOption(runsOption())
    .action((id: string, options: { runs: string }) => {
      removeCommand(id, { ...options, json: false }, terminal);
    });
}

function notThereYet(what: string, there: string): InputError {
  return new InputError({ what: `eigenloom ${what} is not there yet`, expected: `one of ${there}` });
}

/** What is no run is a model: whoever opens it says what is wrong with its path. */
function runOrAnyModel(target: string, root: string): ReturnType<typeof runOrModel> {
  try {
    return runOrModel(target, root);
  } catch {
    return { kind: 'model', path: resolve(target) };
  }
}

function runOrModel(target: string, root: string): { kind: 'run' | 'model'; path: string } {
  try {
    return { kind: 'run', path: findRun(target, root) };
  } catch (thrown) {
    if (!existsSync(resolve(target))) throw thrown;
    return { kind: 'model', path: resolve(target) };
  }
}

function gather(value: string, before: string[]): string[] {
  return [...before, value];
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least || text.trim() === '') {
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
    }
    return value;
  };
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || text.trim() === '') {
    throw new InvalidArgumentError('It must be a number of at least 0.');
  }
  return value;
}
