import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Document,
  type Node,
  type Pair,
  parseDocument,
} from 'yaml';
import { type ErrorFacts, InputError, toError } from '../../base/errors';

/** The steps from the root of a config to a value, e.g. `['adapter', 'rank']`. */
export type KeyPath = readonly (string | number)[];

/** The path that an error's key names: `data.train[1]` is `['data', 'train', 1]`. */
export function pathOf(key: string): (string | number)[] {
  return key
    .replaceAll(/\[(\d+)\]/gu, '.$1')
    .split('.')
    .map((step) => (/^\d+$/u.test(step) ? Number(step) : step));
}

/** Where something stands, as the facts of an error name it. */
type Place = Pick<ErrorFacts, 'file' | 'line' | 'column' | 'endLine' | 'endColumn'>;

/**
 * Finds the place of a key or of its value, from its beginning to its end; where it is not there, that of the nearest
 * section around it.
 */
export type Locate = (path: KeyPath, part: 'key' | 'value') => Place;

/** What a config file says, before any check of its keys. */
export interface ParsedSource {
  readonly value: unknown;
  readonly locate: Locate;
  /** The YAML as far as it could be read, also where it has faults; undefined where nothing could be. */
  readonly document: Document.Parsed | undefined;
}

/** No config written by hand comes near this; more is refused before it is parsed. In UTF-16 units. */
const LONGEST_SOURCE = 64 * 1024;
/** How often aliases may repeat anchored values in all (an "alias bomb" repeats them billions of times). */
const MOST_ALIASES = 100;

/**
 * Parses YAML 1.2 with its positions. Throws `InputError`s (collected in `errors`) for what isn't YAML, for
 * duplicate keys, alias bombs, unknown tags, and nesting that no parser stack holds.
 */
export function parseSource(text: string, file: string, errors: InputError[]): ParsedSource {
  const lines = new LineCounter();
  const nothing: ParsedSource = { value: undefined, locate: () => ({ file }), document: undefined };
  if (text.length > LONGEST_SOURCE) {
    errors.push(
      new InputError({
        what: 'the file is too long for an experiment',
        file,
        got: `${text.length} characters`,
        expected: `at most ${LONGEST_SOURCE}`,
      }),
    );
    return nothing;
  }
  const at: PlaceAt = (start, end) => {
    const from = lines.linePos(start);
    // Blank lines and comments below a section belong to its range, and are not what a reader looks for.
    const to = lines.linePos(start + text.slice(start, end).trimEnd().length);
    return {
      file,
      line: Math.max(1, from.line),
      column: Math.max(1, from.col),
      endLine: Math.max(1, to.line),
      endColumn: Math.max(1, to.col),
    };
  };
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  } catch (thrown) {
    // A RangeError: so many levels that the parser's recursion ran out of stack.
    errors.push(new InputError({ what: `the YAML cannot be read: ${toError(thrown).message}`, file }));
    return nothing;
  }
  for (const problem of [...document.errors, ...document.warnings]) {
    errors.push(new InputError({ what: firstLine(problem.message), ...at(...problem.pos), code: 'syntax' }));
  }
  if (errors.length > 0) return { ...nothing, document };
  const locate: Locate = (path, part) => locateIn(document, path, part, at) ?? { file, line: 1, column: 1 };
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    return { value, locate, document };
  } catch (thrown) {
    errors.push(
      new InputError({ what: `the YAML cannot be read: ${firstLine(toError(thrown).message)}`, file }),
    );
    return { ...nothing, document };
  }
}

/** The place of what stands between two offsets of the text. */
type PlaceAt = (start: number, end: number) => Place;

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}

function locateIn(
  document: Document.Parsed,
  path: KeyPath,
  part: 'key' | 'value',
  at: PlaceAt,
): Place | undefined {
  let node: Node | null | undefined = document.contents;
  let place = beginning(node, at);
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const last = depth === path.length - 1;
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(
        ({ key }) => isScalar(key) && String(key.value) === String(step),
      );
      if (pair === undefined) return place;
      const key = isScalar(pair.key) ? pair.key : undefined;
      node = isNode(pair.value) ? pair.value : null;
      // An empty value has no width of its own, and a section that lacks a key is called by its name.
      const empty = node === null || (isScalar(node) && node.source === '');
      const range = (last ? part === 'key' : isMap(node)) || empty ? key?.range : node?.range;
      if (range) place = at(range[0], range[1]);
    } else if (isSeq(node)) {
      const item: unknown = typeof step === 'number' ? node.items[step] : undefined;
      if (!isNode(item)) return place;
      node = item;
      if (item.range) place = at(item.range[0], item.range[1]);
    } else return place;
  }
  return place;
}

/** Where a whole file is meant: its first key. */
function beginning(contents: Node | null, at: PlaceAt): Place | undefined {
  if (contents === null || !contents.range) return undefined;
  const first = isMap(contents) ? contents.items[0]?.key : undefined;
  const [start, end] = (isScalar(first) ? first.range : undefined) ?? contents.range;
  return at(start, end);
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}
