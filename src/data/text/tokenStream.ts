import type { Tokenizer } from './tokenizer';

/** What a decoder gives for bytes that are not (yet) a character. */
const REPLACEMENT = '\ufffd';

/**
 * Text of tokens as they come, one at a time: characters that are spread over several tokens, and the space before a
 * word, come out whole. The parts joined are `decode` of all the ids.
 */
export class TokenStream {
  private readonly ids: number[] = [];
  /** Ids before this are never looked at again; those up to `shown` only give context to the decoder. */
  private context = 0;
  private shown = 0;

  constructor(private readonly tokenizer: Tokenizer) {}

  /** The text that a further token completes; '' while it stands in the middle of a character. */
  push(id: number): string {
    this.ids.push(id);
    const part = this.unseen();
    // A token without text (a special one) gives no context either: some decoders trim what follows nothing.
    if (part === '' || part.endsWith(REPLACEMENT)) return '';
    this.advance();
    return part;
  }

  /** What is left at the end: an unfinished character, as replacement characters. */
  end(): string {
    const part = this.unseen();
    this.advance();
    return part;
  }

  private unseen(): string {
    const before = this.tokenizer.decode(this.ids.slice(this.context, this.shown));
    return this.tokenizer.decode(this.ids.slice(this.context)).slice(before.length);
  }

  private advance(): void {
    this.context = this.shown;
    this.shown = this.ids.length;
  }
}
