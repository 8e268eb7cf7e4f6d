import { InputError } from '../../base/errors';
import type { JsonObject } from '../json';

/**
 * How a byte-level vocabulary's merges were learned: GGUF names it (`tokenizer.ggml.pre`), `tokenizer.json` spells
 * it out. The names and patterns are those of llama.cpp (llama-vocab.cpp) and of the models' own tokenizer.json.
 */
export interface PreTokenizer {
  readonly normalizer: JsonObject | null;
  readonly preTokenizer: JsonObject;
  /** A word that is a token as a whole is not merged from its pieces. */
  readonly ignoreMerges: boolean;
  /** Whether the beginning-of-sequence token is added where the file does not say. */
  readonly addBos: boolean;
}

const LLAMA3 =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}" +
  '| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const QWEN2 = LLAMA3.replace('\\p{N}{1,3}', '\\p{N}');
const CASED = '[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const UNCASED = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const TEKKEN =
  `${CASED}*${UNCASED}+|${CASED}+${UNCASED}*` +
  '|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

/** GPT-2's own pattern, which ByteLevel has built in. */
const GPT2: PreTokenizer = {
  normalizer: null,
  preTokenizer: byteLevel(true),
  ignoreMerges: false,
  addBos: false,
};
const SINGLE_DIGITS: PreTokenizer = {
  ...GPT2,
  preTokenizer: { type: 'Sequence', pretokenizers: [split('\\p{N}'), byteLevel(true)] },
};
const LLAMA_BPE: PreTokenizer = { ...splitThenBytes(LLAMA3), ignoreMerges: true, addBos: true };

const BY_NAME: Readonly<Record<string, PreTokenizer>> = {
  default: GPT2,
  'gpt-2': GPT2,
  gpt2: GPT2,
  smollm: SINGLE_DIGITS,
  starcoder: SINGLE_DIGITS,
  llama3: LLAMA_BPE,
  'llama-v3': LLAMA_BPE,
  'llama-bpe': LLAMA_BPE,
  qwen2: { ...splitThenBytes(QWEN2), normalizer: { type: 'NFC' } },
  'deepseek-r1-qwen': splitThenBytes(QWEN2),
  tekken: { ...splitThenBytes(TEKKEN), ignoreMerges: true, addBos: true },
};

/**
 * The pre-tokenizer that a file names.
 * @throws InputError for one that is not known: other splits give other tokens, silently
 */
export function preTokenizer(name: string, file: string): PreTokenizer {
  const found = Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined;
  if (found !== undefined) return found;
  throw new InputError({
    what: 'this pre-tokenizer is not known',
    file,
    key: 'tokenizer.ggml.pre',
    got: `'${name}'`,
    expected: `one of ${Object.keys(BY_NAME).join(', ')}`,
    remedy: 'Use the model in its Hugging Face form, with its tokenizer.json.',
  });
}

function split(pattern: string): JsonObject {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

function byteLevel(useRegex: boolean): JsonObject {
  return { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: useRegex };
}

function splitThenBytes(pattern: string): PreTokenizer {
  return { ...GPT2, preTokenizer: { type: 'Sequence', pretokenizers: [split(pattern), byteLevel(false)] } };
}
