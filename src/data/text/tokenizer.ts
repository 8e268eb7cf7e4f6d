import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { createHash } from 'node:crypto';
import { InputError, toError } from '../../base/errors';

/** What a model brings to make text of tokens, as parsed JSON: from a Hugging Face folder, or made from a GGUF's keys. */
export interface TokenizerSource {
  /** `tokenizer.json`. */
  readonly tokenizer: unknown;
  /** `tokenizer_config.json`: special tokens and the chat template; `{}` where the model has none. */
  readonly config: unknown;
  /** A chat template that stands in a file of its own (`chat_template.jinja`); it goes before the config's. */
  readonly chatTemplate?: string | undefined;
  /** Where it comes from, for errors. */
  readonly file: string;
}

/** The special tokens that a tokenizer's configuration names. */
export type SpecialToken = 'bos' | 'eos' | 'pad' | 'unk';

const SPECIAL_TOKENS: readonly SpecialToken[] = ['bos', 'eos', 'pad', 'unk'];

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `"<s>"`, or the long form `{ "content": "<s>", … }`. */
function tokenContent(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return isRecord(value) && typeof value['content'] === 'string' ? value['content'] : undefined;
}

/** The config's template: a string, or a list of named ones, of which `default` is meant for chat. */
function chatTemplateOf(config: Readonly<Record<string, unknown>>): string | undefined {
  const template = config['chat_template'];
  if (typeof template === 'string') return template;
  if (!Array.isArray(template)) return undefined;
  const named: unknown[] = template;
  const found = named.find((entry) => isRecord(entry) && entry['name'] === 'default');
  return isRecord(found) && typeof found['template'] === 'string' ? found['template'] : undefined;
}

/**
 * A model's own tokenizer. Ids are those of Hugging Face's Rust library; special tokens that stand in the text are
 * recognised, as there.
 */
export class Tokenizer {
  /** Identity for caches: SHA-256 over everything that was given. */
  readonly hash: string;
  /** The model's chat template (Jinja), if it has one. */
  readonly chatTemplate: string | undefined;
  /** The special tokens' text, as templates name them. */
  readonly special: Readonly<Partial<Record<SpecialToken, string>>>;
  readonly file: string;
  private readonly inner: HuggingFaceTokenizer;

  /** InputError where `tokenizer.json` is of no known form. */
  constructor(source: TokenizerSource) {
    const { tokenizer, config, file } = source;
    if (!isRecord(tokenizer) || !isRecord(tokenizer['model']) || !isRecord(config)) {
      throw new InputError({
        what: 'the tokenizer is malformed',
        file,
        expected: 'tokenizer.json with a model',
      });
    }
    try {
      this.inner = new HuggingFaceTokenizer(tokenizer, config);
    } catch (thrown) {
      const error = toError(thrown);
      throw new InputError(
        { what: `the tokenizer cannot be read: ${error.message}`, file },
        { cause: error },
      );
    }
    this.file = file;
    this.chatTemplate = source.chatTemplate ?? chatTemplateOf(config);
    const special: Partial<Record<SpecialToken, string>> = {};
    for (const name of SPECIAL_TOKENS) {
      const content = tokenContent(config[`${name}_token`]);
      if (content !== undefined) special[name] = content;
    }
    this.special = special;
    this.hash = createHash('sha256')
      .update(JSON.stringify([tokenizer, special, this.chatTemplate ?? null]))
      .digest('hex');
  }

  /** Token ids of a text. `special: true` adds what the tokenizer's own post-processor adds (a leading bos, say). */
  encode(text: string, { special }: { readonly special: boolean }): Int32Array {
    return Int32Array.from(this.inner.encode(text, { add_special_tokens: special }).ids);
  }

  /** Text of token ids, exactly (no clean-up of spaces); special tokens are left out unless asked for. */
  decode(ids: ArrayLike<number>, { special = false }: { readonly special?: boolean } = {}): string {
    if (ids.length === 0) return '';
    return this.inner.decode(Array.from(ids), {
      skip_special_tokens: !special,
      clean_up_tokenization_spaces: false,
    });
  }

  /** Id of a special token; undefined where the tokenizer has none of that name. */
  id(name: SpecialToken): number | undefined {
    const token = this.special[name];
    return token === undefined ? undefined : this.inner.token_to_id(token);
  }

  /** The end-of-sequence id; InputError where there is none, since a row could not be ended. */
  get eos(): number {
    const id = this.id('eos');
    if (id !== undefined) return id;
    const named = this.special.eos;
    throw new InputError({
      what: named === undefined ? 'the tokenizer names no end-of-sequence token' : `'${named}' is no token`,
      file: this.file,
      key: 'eos_token',
      remedy: "Name one in the model's tokenizer_config.json.",
    });
  }
}
