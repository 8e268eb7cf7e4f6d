/** Where JSON text goes wrong: a 0-based offset, and what should stand there. */
export interface JsonFault {
  readonly offset: number;
  readonly expected: string;
}

/** An array that is the whole document, or the value of a top-level object's key. */
export interface JsonArrayPlace {
  /** undefined: the array is the whole document. */
  readonly key: string | undefined;
  /** For each element the offset of its first character. */
  readonly starts: readonly number[];
  /** For each element the offset after its last character. */
  readonly ends: readonly number[];
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL = /true|false|null/y;
const BLANK = /[ \t\n\r]*/y;

interface Level {
  readonly array: boolean;
  readonly place:
    { readonly key: string | undefined; readonly starts: number[]; readonly ends: number[] } | undefined;
}

/** The offset after the string that begins at `at`, or the (negated, less one) offset of what is wrong in it. */
function endOfString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x22) return i + 1;
    if (unit < 0x20) return -i - 1;
    if (unit === 0x5c) {
      const escaped = text[++i] ?? '';
      if (escaped === 'u') {
        if (!/^[0-9a-fA-F]{4}$/.test(text.slice(i + 1, i + 5))) return -i - 1;
        i += 4;
      } else if (!'"\\/bfnrt'.includes(escaped) || escaped === '') {
        return -i - 1;
      }
    }
  }
  return -text.length - 1;
}

/**
 * Walks JSON text once, without building values and without recursion. JSON.parse gives no position that can be
 * relied on (its messages differ from one Node to the next, and some name none), nor the places of elements.
 */
export function scanJson(text: string): {
  readonly fault?: JsonFault;
  readonly arrays: readonly JsonArrayPlace[];
} {
  const arrays: JsonArrayPlace[] = [];
  const levels: Level[] = [];
  let at = 0;
  let key: string | undefined;

  const blank = (): void => {
    BLANK.lastIndex = at;
    BLANK.test(text);
    at = BLANK.lastIndex;
  };
  const match = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  /** Passes over a string; where it is faulty, stands at the fault. */
  const string = (): boolean => {
    if (text[at] !== '"') return false;
    const end = endOfString(text, at);
    at = end >= 0 ? end : -end - 1;
    return end >= 0;
  };
  const fault = (expected: string) => ({ fault: { offset: at, expected }, arrays });

  /** Reads `"key":` of an object; false where it is not one. */
  const readKey = (): boolean => {
    const start = at;
    if (!string()) return false;
    if (levels.length === 1) key = text.slice(start + 1, at - 1);
    blank();
    if (text[at] !== ':') return false;
    at++;
    blank();
    return true;
  };

  blank();
  for (;;) {
    // A value begins here.
    levels.at(-1)?.place?.starts.push(at);
    let opened = false;
    const character = text[at];
    if (character === '[') {
      const outer = levels.length === 0 || (levels.length === 1 && levels[0]?.array === false);
      const place = outer ? { key: levels.length === 0 ? undefined : key, starts: [], ends: [] } : undefined;
      if (place !== undefined) arrays.push(place);
      levels.push({ array: true, place });
      at++;
      blank();
      if (text[at] !== ']') continue;
      opened = true;
    } else if (character === '{') {
      levels.push({ array: false, place: undefined });
      at++;
      blank();
      if (text[at] !== '}') {
        if (!readKey()) return fault('a key in double quotes and a colon');
        continue;
      }
      opened = true;
    } else if (character === '"') {
      if (!string())
        return fault('a string that ends in a double quote, with its control characters escaped');
    } else if (!match(NUMBER) && !match(LITERAL)) {
      return fault('a value');
    }
    // A value has ended (or an empty container is at its end): close, or go on to the next one.
    for (;;) {
      const level = levels.at(-1);
      if (!opened) {
        level?.place?.ends.push(at);
        blank();
      }
      if (level === undefined) return at === text.length ? { arrays } : fault('the end of the file');
      if (text[at] === (level.array ? ']' : '}')) {
        levels.pop();
        at++;
        opened = false;
        continue;
      }
      if (text[at] !== ',') return fault(level.array ? "',' or ']'" : "',' or '}'");
      at++;
      blank();
      if (!level.array && !readKey()) return fault('a key in double quotes and a colon');
      break;
    }
  }
}

/** 1-based line and column of an offset. */
export function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < offset; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  return { line, column: offset - start + 1 };
}
