import * as fs from 'node:fs/promises';
import { InputError, toError } from '../base/errors';
import { errorCode } from './files';

/** A parsed JSON object: every value is still to be looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses JSON text.
 * @throws InputError with line and column, where the parser tells them.
 */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
  } catch (thrown) {
    const error = toError(thrown);
    const position = /at position (\d+)/.exec(error.message)?.[1];
    const before = position === undefined ? undefined : text.slice(0, Number(position)).split('\n');
    throw new InputError(
      {
        what: 'this is not valid JSON',
        file,
        line: before?.length,
        column: before === undefined ? undefined : (before.at(-1)?.length ?? 0) + 1,
        got: error.message.slice(0, 200),
        remedy: 'Copy or download the file again.',
      },
      { cause: error },
    );
  }
}

/** JSON files beside a model are a few MB (a tokenizer: some 20); a larger one is not what it says it is. */
const LARGEST_JSON = 256 * 1024 * 1024;

/**
 * Reads and parses a JSON file; undefined where there is none.
 * @throws InputError where it cannot be read or parsed.
 */
export async function readJson(file: string): Promise<unknown> {
  const text = await readText(file);
  return text === undefined ? undefined : parseJson(text, file);
}

/** Reads a text file; undefined where there is none. */
export async function readText(file: string): Promise<string | undefined> {
  try {
    const { size } = await fs.stat(file);
    if (size > LARGEST_JSON) {
      throw new InputError({
        what: 'the file is too large to be what its name says',
        file,
        got: `${size} bytes`,
        expected: `at most ${LARGEST_JSON}`,
      });
    }
    return await fs.readFile(file, 'utf8');
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return undefined;
    if (thrown instanceof InputError) throw thrown;
    throw new InputError(
      { what: 'the file cannot be read', file, got: toError(thrown).message },
      { cause: thrown },
    );
  }
}

/**
 * The first key that stands twice in one object of a JSON text that `JSON.parse` accepts. `JSON.parse` keeps the
 * last silently, so that two readers of one file could see two different tensors.
 */
export function duplicateKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '{') open.push(new Set());
    else if (char === '[') open.push(undefined);
    else if (char === '}' || char === ']') open.pop();
    else if (char === '"') {
      const start = i;
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++;
      const keys = open.at(-1);
      let next = i + 1;
      while (next < text.length && ' \t\r\n'.includes(text.charAt(next))) next++;
      if (keys === undefined || text[next] !== ':') continue;
      const parsed: unknown = JSON.parse(text.slice(start, i + 1));
      const key = String(parsed);
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}
