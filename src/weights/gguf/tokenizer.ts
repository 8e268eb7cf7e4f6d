import { InputError } from '../../base/errors';
import type { JsonObject } from '../json';
import type { TokenizerFiles } from '../source';
import type { GgufHeader } from './header';
import { mergesFromScores } from './merges';
import { Metadata } from './metadata';
import { preTokenizer } from './pretokenizers';

/** llama.cpp's token types that matter here. */
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;

const SPACE = '\u2581';

/**
 * The tokenizer that a GGUF file describes, in the form of Hugging Face's `tokenizer.json` and
 * `tokenizer_config.json`, so that everything after reads one form. Byte-level BPE (`gpt2`) and SentencePiece BPE
 * (`llama`) are read.
 * @throws InputError where the file has no tokenizer, or one of another sort
 */
export function ggufTokenizer(header: GgufHeader, file: string): TokenizerFiles {
  const metadata = new Metadata(header, file);
  const tokens = metadata.strings('tokenizer.ggml.tokens');
  const model = metadata.string('tokenizer.ggml.model');
  if (tokens === undefined || (model !== 'gpt2' && model !== 'llama')) {
    throw new InputError({
      what: tokens === undefined ? 'the file has no tokenizer' : 'this sort of tokenizer is not read',
      file,
      key: tokens === undefined ? 'tokenizer.ggml.tokens' : 'tokenizer.ggml.model',
      got: model === undefined ? 'nothing' : `'${model}'`,
      expected: "'gpt2' (byte-level BPE) or 'llama' (SentencePiece BPE)",
      remedy: 'Use the model in its Hugging Face form, with its tokenizer.json.',
    });
  }
  // Two tokens with one text would leave one of them without a place: the first keeps it, as in llama.cpp.
  const vocab = new Map<string, number>();
  tokens.forEach((token, id) => vocab.has(token) || vocab.set(token, id));
  const parts = model === 'gpt2' ? byteLevel(metadata) : sentencePiece(metadata, vocab);
  const special = specialTokens(metadata, tokens);
  const addBos = metadata.boolean('tokenizer.ggml.add_bos_token') ?? parts.addBos;
  const addEos = metadata.boolean('tokenizer.ggml.add_eos_token') ?? false;
  const chatTemplate = metadata.string('tokenizer.chat_template');
  return {
    tokenizerJson: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: addedTokens(metadata, tokens),
      normalizer: parts.normalizer,
      pre_tokenizer: parts.preTokenizer,
      post_processor: postProcessor(
        metadata,
        tokens,
        addBos ? special.bos : undefined,
        addEos ? special.eos : undefined,
      ),
      decoder: parts.decoder,
      model: { type: 'BPE', dropout: null, ...parts.model, vocab: Object.fromEntries(vocab) },
    },
    tokenizerConfig: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      bos_token: special.bos ?? null,
      eos_token: special.eos ?? null,
      unk_token: special.unknown ?? null,
      pad_token: special.padding ?? null,
      add_bos_token: addBos,
      add_eos_token: addEos,
      clean_up_tokenization_spaces: false,
    },
    chatTemplate,
    generationConfig: generationConfig(metadata),
  };
}

interface Parts {
  readonly normalizer: JsonObject | null;
  readonly preTokenizer: JsonObject | null;
  readonly decoder: JsonObject;
  readonly model: JsonObject;
  readonly addBos: boolean;
}

function byteLevel(metadata: Metadata): Parts {
  const merges = metadata.strings('tokenizer.ggml.merges') ?? [];
  const pre = preTokenizer(metadata.string('tokenizer.ggml.pre') ?? 'default', metadata.file);
  return {
    normalizer: pre.normalizer,
    preTokenizer: pre.preTokenizer,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: pre.ignoreMerges,
      merges: merges.map((merge) => pair(merge, metadata.file)),
    },
    addBos: pre.addBos,
  };
}

/** `left right`: the separator is the first space after the first character, since a piece may begin with one. */
function pair(merge: string, file: string): [string, string] {
  const space = merge.indexOf(' ', 1);
  if (space > 0 && space < merge.length - 1) return [merge.slice(0, space), merge.slice(space + 1)];
  throw new InputError({
    what: 'a merge is not a pair of tokens',
    file,
    key: 'tokenizer.ggml.merges',
    got: JSON.stringify(merge.slice(0, 100)),
    expected: "two tokens with a space between them, e.g. 'h e'",
  });
}

function sentencePiece(metadata: Metadata, vocab: ReadonlyMap<string, number>): Parts {
  const spaceFirst = metadata.boolean('tokenizer.ggml.add_space_prefix') ?? true;
  const unknown = metadata.count('tokenizer.ggml.unknown_token_id') ?? 0;
  const tokens = metadata.strings('tokenizer.ggml.tokens') ?? [];
  const scores = metadata.numbers('tokenizer.ggml.scores') ?? [];
  const toMark = { type: 'Replace', pattern: { String: ' ' }, content: SPACE };
  const fromMark = { type: 'Replace', pattern: { String: SPACE }, content: ' ' };
  const merges = metadata.strings('tokenizer.ggml.merges')?.map((merge) => pair(merge, metadata.file));
  return {
    normalizer: {
      type: 'Sequence',
      normalizers: spaceFirst ? [{ type: 'Prepend', prepend: SPACE }, toMark] : [toMark],
    },
    preTokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        fromMark,
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(spaceFirst ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      unk_token: tokens[unknown] ?? null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      merges: merges ?? mergesFromScores(vocab, scores),
    },
    addBos: true,
  };
}

interface SpecialTokens {
  readonly bos: string | undefined;
  readonly eos: string | undefined;
  readonly unknown: string | undefined;
  readonly padding: string | undefined;
}

function specialTokens(metadata: Metadata, tokens: readonly string[]): SpecialTokens {
  const named = (key: string): string | undefined => {
    const id = metadata.count(`tokenizer.ggml.${key}_token_id`);
    return id === undefined ? undefined : tokens[id];
  };
  return { bos: named('bos'), eos: named('eos'), unknown: named('unknown'), padding: named('padding') };
}

/** Tokens that are found whole in the text: control tokens and the unknown one are special, user-defined ones not. */
function addedTokens(metadata: Metadata, tokens: readonly string[]): JsonObject[] {
  const types = metadata.numbers('tokenizer.ggml.token_type') ?? [];
  const added: JsonObject[] = [];
  tokens.forEach((content, id) => {
    const type = types[id];
    if ((type !== UNKNOWN && type !== CONTROL && type !== USER_DEFINED) || content === '') return;
    const special = type !== USER_DEFINED;
    added.push({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special });
  });
  return added;
}

/** Adds the beginning- and end-of-sequence tokens, where the model wants them. */
function postProcessor(
  metadata: Metadata,
  tokens: readonly string[],
  bos: string | undefined,
  eos: string | undefined,
): JsonObject | null {
  if (bos === undefined && eos === undefined) return null;
  const item = (token: string | undefined, type: number): JsonObject[] =>
    token === undefined ? [] : [{ SpecialToken: { id: token, type_id: type } }];
  const sequence = (id: string, type: number): JsonObject[] => [
    ...item(bos, type),
    { Sequence: { id, type_id: type } },
    ...item(eos, type),
  ];
  const entries = [bos, eos].flatMap((token) =>
    token === undefined
      ? []
      : [[token, { id: token, ids: [idOf(metadata, tokens, token)], tokens: [token] }]],
  );
  return {
    type: 'TemplateProcessing',
    single: sequence('A', 0),
    pair: [...sequence('A', 0), ...sequence('B', 1)],
    special_tokens: Object.fromEntries(entries) as JsonObject,
  };
}

function idOf(metadata: Metadata, tokens: readonly string[], token: string): number {
  for (const key of ['bos', 'eos']) {
    const id = metadata.count(`tokenizer.ggml.${key}_token_id`);
    if (id !== undefined && tokens[id] === token) return id;
  }
  return tokens.indexOf(token);
}

/** Where generation ends: end-of-sequence, and the end of a turn where that is another token. */
function generationConfig(metadata: Metadata): JsonObject {
  const ends = ['eos', 'eot', 'eom'].flatMap((key) => metadata.count(`tokenizer.ggml.${key}_token_id`) ?? []);
  const bos = metadata.count('tokenizer.ggml.bos_token_id');
  return {
    ...(bos === undefined ? {} : { bos_token_id: bos }),
    ...(ends.length === 0 ? {} : { eos_token_id: [...new Set(ends)] }),
  };
}
