import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type ErrorFacts, InputError, toError } from '../../base/errors';
import { nearest } from '../../base/nearest';
import { parseExperiment, throwAll } from './parse';
import { resolveExperiment } from './resolve';
import type { KeyPath, Locate } from './source';
import type { Experiment } from './types';

/** An experiment file, read and checked. */
export interface ReadExperiment {
  readonly experiment: Experiment;
  /** The file as it was, byte for byte. */
  readonly source: Buffer;
  readonly warnings: readonly ErrorFacts[];
}

/** A config is written by hand: a file longer than this (bytes) is something else. */
const LONGEST_FILE = 1024 * 1024;

/**
 * Reads an experiment file with `--set` overrides on top, fills in the defaults, makes its paths absolute and
 * checks that what they name is there. Throws `InputError` or `InputErrors` with everything that is wrong.
 */
export function readExperiment(path: string, overrides: readonly string[] = []): ReadExperiment {
  return experimentOf(readSource(resolve(path), path), path, overrides);
}

/** As {@link readExperiment}, of bytes that are taken for the content of the file. */
export function experimentOf(
  source: Buffer,
  path: string,
  overrides: readonly string[] = [],
): ReadExperiment {
  const file = resolve(path);
  const text = decode(source, path);
  const parsed = parseExperiment(text, path, overrides);
  throwAll(parsed.errors);
  if (parsed.values === undefined) throw new InputError({ what: 'this is no experiment', file: path });
  const experiment = resolveExperiment(parsed.values, nameOf(file), (relative) =>
    resolve(dirname(file), relative),
  );
  throwAll(checkFiles(experiment, parsed.locate));
  return { experiment, source, warnings: parsed.warnings };
}

function readSource(file: string, shown: string): Buffer {
  const found = statOf(file);
  if (found === undefined) throw new InputError({ what: 'there is no such file', file: shown });
  if (!found.isFile())
    throw new InputError({ what: 'this is no file', file: shown, expected: 'a *.tune.yaml' });
  if (found.size > LONGEST_FILE) {
    throw new InputError({
      what: 'the file is too long for an experiment',
      file: shown,
      got: `${found.size} bytes`,
      expected: `at most ${LONGEST_FILE}`,
    });
  }
  try {
    return readFileSync(file);
  } catch (thrown) {
    throw new InputError({ what: `the file cannot be read: ${toError(thrown).message}`, file: shown });
  }
}

function decode(source: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(source);
  } catch {
    throw new InputError({ what: 'the file is no UTF-8 text', file, expected: 'YAML in UTF-8' });
  }
}

/** The file's name without `.tune.yaml`, `.yaml` or `.yml`. */
function nameOf(file: string): string {
  const name = basename(file).replace(/(?:\.tune)?\.ya?ml$/iu, '');
  return name === '' ? 'run' : name;
}

/** Every path of an experiment that names nothing, or the wrong sort of thing. */
export function checkFiles(experiment: Experiment, locate: Locate): InputError[] {
  const errors: InputError[] = [];
  const expectFile = (key: KeyPath, index: number, path: string): void => {
    const found = statOf(path);
    if (found?.isFile() === true) return;
    errors.push(
      new InputError({
        what: found === undefined ? 'there is no such file' : 'this is no file',
        // Where the file gives a single path, the place of an item is that of the path.
        ...locate([...key, index], 'value'),
        key: key.join('.'),
        got: path,
        remedy: found === undefined ? meantPath(path) : 'Name the files in it.',
      }),
    );
  };
  checkModel(experiment.model, locate, errors);
  for (const key of ['train', 'eval'] as const) {
    for (const [i, path] of (experiment.data[key] ?? []).entries()) expectFile(['data', key], i, path);
  }
  const { adapter } = experiment;
  if (
    adapter.method !== 'full' &&
    adapter.init_from !== null &&
    statOf(adapter.init_from)?.isDirectory() !== true
  ) {
    errors.push(
      new InputError({
        what: 'there is no such folder',
        ...locate(['adapter', 'init_from'], 'value'),
        key: 'adapter.init_from',
        got: adapter.init_from,
        expected: 'a PEFT adapter folder (adapter_config.json, adapter_model.safetensors)',
      }),
    );
  }
  return errors;
}

function checkModel(model: string, locate: Locate, errors: InputError[]): void {
  const found = statOf(model);
  if (found?.isDirectory() === true || (found?.isFile() === true && /\.gguf$/iu.test(model))) return;
  errors.push(
    new InputError({
      what: found === undefined ? 'there is no such folder or file' : 'this file is no model',
      ...locate(['model'], 'value'),
      key: 'model',
      got: model,
      expected: 'a folder in Hugging Face form (config.json, *.safetensors, tokenizer.json), or a .gguf',
      remedy:
        found === undefined
          ? (meantPath(model) ?? 'Models are not downloaded by their hub id yet.')
          : 'Name the folder it lies in.',
    }),
  );
}

/** Suggests the name beside a path that is spelt most like it. */
function meantPath(path: string): string | undefined {
  let names: string[];
  try {
    names = readdirSync(dirname(path));
  } catch {
    return `There is no folder ${dirname(path)}.`;
  }
  const near = nearest(basename(path), names);
  return near === undefined ? undefined : `Did you mean ${join(dirname(path), near)}?`;
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // A part of the path is a file, or the path holds what no path may (a NUL): it names nothing.
    return undefined;
  }
}
