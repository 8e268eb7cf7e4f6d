import type { TokenPiece } from '../../protocol/inspector';
import type { Tokenizer } from '../../data/text/tokenizer';

type Token = TokenPiece['tokens'][number];

/** What a decoder gives for bytes that are not (yet) a character. */
const REPLACEMENT = '\ufffd';

/**
 * Each token with the text that it adds, special tokens as they are written. A character that is spread over several
 * tokens is the text of the last of them.
 */
export function tokenTexts(ids: Int32Array, tokenizer: Tokenizer): Token[] {
  const tokens: Token[] = [];
  // The tokens that are not text yet, and before them the last that was, which gives the decoder its context.
  let context: number[] = [];
  let pending: number[] = [];
  for (const id of ids) {
    if (tokenizer.decode([id]) === '' && tokenizer.decode([id], { special: true }) !== '') {
      tokens.push({ id, text: tokenizer.decode([id], { special: true }), special: true });
      context = [];
      pending = [];
      continue;
    }
    pending.push(id);
    const before = tokenizer.decode(context);
    const text = tokenizer.decode([...context, ...pending]).slice(before.length);
    if (text.endsWith(REPLACEMENT) && pending.length < LONGEST_CHARACTER) {
      tokens.push({ id, text: '' });
      continue;
    }
    tokens.push({ id, text });
    context = pending;
    pending = [];
  }
  return tokens;
}

/** Bytes of the longest character, and so the most tokens that one is spread over. */
const LONGEST_CHARACTER = 4;

/** Tokens of a row, in runs of one state. */
export function piecesOf(tokens: readonly Token[], supervised: Uint8Array, maxLength: number): TokenPiece[] {
  const pieces: TokenPiece[] = [];
  for (const [i, token] of tokens.entries()) {
    // Nothing comes before the first token, so that it is never predicted.
    const kept = i > 0 && supervised[i] === 1 ? 'trained' : 'ignored';
    const state = i >= maxLength ? 'truncated' : kept;
    const last = pieces.at(-1);
    if (last?.state === state) last.tokens.push(token);
    else pieces.push({ tokens: [token], state });
  }
  return pieces;
}
