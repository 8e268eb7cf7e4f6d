import * as path from 'node:path';

/** Folders in Hugging Face's form and GGUF files among some files: a `config.json` with weights beside it. */
export function collectModels(files: readonly string[]): string[] {
  const withWeights = new Set(
    files.filter((file) => /\.safetensors$/iu.test(file)).map((file) => path.dirname(file)),
  );
  const folders = files
    .filter((file) => path.basename(file) === 'config.json')
    .map((file) => path.dirname(file))
    .filter((folder) => withWeights.has(folder));
  return [...folders, ...files.filter((file) => /\.gguf$/iu.test(file))].sort();
}

/** Names that tell that a file is no data of the user's. */
const NO_DATA =
  /^(?:package(?:-lock)?|tsconfig.*|config|tokenizer.*|special_tokens_map|generation_config|vocab|.*\.index|run|user|spectra|ranks|adapter_config|metrics|events|log|requirements.*|license.*|readme.*)\.(?:json|jsonl|txt)$/iu;

/** Files that may be data, by their names. */
export function collectData(files: readonly string[]): string[] {
  return files.filter((file) => !NO_DATA.test(path.basename(file))).sort();
}

/** Those below a folder first; else in their order. */
export function ownFirst(files: readonly string[], folder: string): string[] {
  const own = files.filter((file) => isBelow(file, folder));
  return [...own, ...files.filter((file) => !own.includes(file))];
}

function isBelow(file: string, folder: string): boolean {
  const inside = path.relative(folder, file);
  return inside !== '' && !inside.startsWith('..') && !path.isAbsolute(inside);
}

/**
 * A path within `from` as one in a copy of it; any other path as it is. `copy` is asked for only where it is needed, so
 * that nothing is copied in vain.
 */
export async function inCopy(target: string, from: string, copy: () => Promise<string>): Promise<string> {
  return isBelow(target, from) ? path.join(await copy(), path.relative(from, target)) : target;
}

/** The file with rows for evaluation that belongs to one with training rows, by its name. */
export function evaluationBeside(train: string, files: readonly string[]): string | undefined {
  const name = path.basename(train);
  if (!/train/iu.test(name)) return undefined;
  const wanted = ['eval', 'test', 'valid', 'validation', 'val', 'dev'].map((word) =>
    path.join(path.dirname(train), name.replace(/train(?:ing)?/iu, word)),
  );
  return wanted.find((file) => files.includes(file));
}

/** A path as it stands in an experiment file in `folder`: relative where it lies below `root`, with `/` on every system. */
export function pathInFile(target: string, folder: string, root: string): string {
  const shown = isBelow(target, root) ? path.relative(folder, target) : target;
  return path.sep === '\\' ? shown.replaceAll('\\', '/') : shown;
}

/** A name for an experiment: what it is tuned on, and how. */
export function proposeName(train: string, method: string): string {
  const data = path
    .basename(train)
    .replace(/\.[^.]+$/u, '')
    .replace(/[._-]?train(?:ing)?$/iu, '');
  const slug = `${data}-${method}`.replace(/[^\w.-]+/gu, '-').replace(/^[.-]+/u, '');
  return slug === '' ? method : slug;
}

/** What is wrong with a name, of which a file is made; undefined where nothing is. */
export function problemOfName(name: string, taken: (file: string) => boolean): string | undefined {
  const trimmed = name.trim();
  if (trimmed === '') return 'A name is needed.';
  if (trimmed.length > 100) return 'At most 100 characters.';
  if (/[\\/:*?"<>|]/u.test(trimmed) || hasControl(trimmed)) {
    return 'A file cannot be named so: none of \\ / : * ? " < > |.';
  }
  if (/^\.|\.$/u.test(trimmed)) return 'A name neither begins nor ends with a dot.';
  return taken(`${trimmed}.tune.yaml`) ? 'There is an experiment of that name already.' : undefined;
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
