import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Tokenizer } from 'tokenizers';
import { describe, expect, it } from 'vitest';
import { readGgufHeader } from '../../../../src/weights/gguf/header';
import { mergesFromScores } from '../../../../src/weights/gguf/merges';
import { ggufTokenizer } from '../../../../src/weights/gguf/tokenizer';
import type { TokenizerFiles } from '../../../../src/weights/source';
import { inFolder, messageOf } from '../support';
import { GgufBuilder } from './builder';

async function convert(builder: GgufBuilder): Promise<TokenizerFiles> {
  return inFolder(async (folder) => {
    const file = path.join(folder, 'a.gguf');
    await fs.writeFile(file, builder.build());
    return ggufTokenizer(readGgufHeader(file), file);
  });
}

/** What the reference implementation makes of a text with the converted tokenizer. */
async function tokens({ tokenizerJson }: TokenizerFiles, text: string): Promise<string[]> {
  const tokenizer = Tokenizer.fromString(JSON.stringify(tokenizerJson));
  return (await tokenizer.encode(text)).getTokens();
}

function byteLevel(pre: string): GgufBuilder {
  const letters = Array.from('ab12Ġ');
  return new GgufBuilder()
    .text('tokenizer.ggml.model', 'gpt2')
    .text('tokenizer.ggml.pre', pre)
    .put('tokenizer.ggml.tokens', {
      type: 'strings',
      value: ['<s>', '</s>', ...letters, '12', 'Ġa', 'ab', '<think>'],
    })
    .put('tokenizer.ggml.token_type', { type: 'i32s', value: [3, 3, ...letters.map(() => 1), 1, 1, 1, 4] })
    .put('tokenizer.ggml.merges', { type: 'strings', value: ['1 2', 'Ġ a', 'a b'] })
    .whole('tokenizer.ggml.bos_token_id', 0)
    .whole('tokenizer.ggml.eos_token_id', 1);
}

/** A SentencePiece vocabulary with all bytes: scores fall with the id, as in the real ones. */
function sentencePiece(): GgufBuilder {
  const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
  const words = ['▁a', 'ab', '▁ab', '▁', 'a', 'b'];
  const value = ['<unk>', '<s>', '</s>', ...bytes, ...words];
  return new GgufBuilder()
    .text('tokenizer.ggml.model', 'llama')
    .put('tokenizer.ggml.tokens', { type: 'strings', value })
    .put('tokenizer.ggml.scores', { type: 'f32s', value: value.map((_, id) => (id < 259 ? 0 : 259 - id)) })
    .put('tokenizer.ggml.token_type', {
      type: 'i32s',
      value: value.map((_, id) => (id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1)),
    })
    .whole('tokenizer.ggml.bos_token_id', 1)
    .whole('tokenizer.ggml.eos_token_id', 2)
    .whole('tokenizer.ggml.unknown_token_id', 0);
}

describe('a byte-level vocabulary', () => {
  it('splits as its pre-tokenizer says', async () => {
    expect(await tokens(await convert(byteLevel('gpt-2')), 'ab a12')).toEqual(['ab', 'Ġa', '12']);
    expect(await tokens(await convert(byteLevel('smollm')), 'ab a12')).toEqual(['ab', 'Ġa', '1', '2']);
    expect(await tokens(await convert(byteLevel('qwen2')), 'ab a12')).toEqual(['ab', 'Ġa', '1', '2']);
    expect(await tokens(await convert(byteLevel('tekken')), 'ab a12')).toEqual(['<s>', 'ab', 'Ġa', '1', '2']);
  });

  it('adds the beginning of a sequence where file or pre-tokenizer say so', async () => {
    expect(await tokens(await convert(byteLevel('llama-bpe')), '12')).toEqual(['<s>', '12']);
    const off = byteLevel('llama-bpe').put('tokenizer.ggml.add_bos_token', { type: 'bool', value: false });
    expect(await tokens(await convert(off), '12')).toEqual(['12']);
    const both = byteLevel('gpt-2')
      .put('tokenizer.ggml.add_bos_token', { type: 'bool', value: true })
      .put('tokenizer.ggml.add_eos_token', { type: 'bool', value: true });
    const files = await convert(both);
    expect(await tokens(files, 'a')).toEqual(['<s>', 'a', '</s>']);
    expect(files.tokenizerConfig).toMatchObject({ add_bos_token: true, add_eos_token: true });
  });

  it('finds control and user-defined tokens whole', async () => {
    expect(await tokens(await convert(byteLevel('gpt-2')), 'a<think>b</s>')).toEqual([
      'a',
      '<think>',
      'b',
      '</s>',
    ]);
  });

  it('refuses a pre-tokenizer it does not know, and one of another sort', async () => {
    expect(await messageOf(() => convert(byteLevel('new-one')))).toMatch(
      /'new-one'.*smollm.*tokenizer\.json/,
    );
    const bert = new GgufBuilder()
      .text('tokenizer.ggml.model', 'bert')
      .put('tokenizer.ggml.tokens', { type: 'strings', value: ['a'] });
    expect(await messageOf(() => convert(bert))).toMatch(/'bert'.*'gpt2'/);
    expect(await messageOf(() => convert(new GgufBuilder()))).toMatch(/no tokenizer/);
    const broken = byteLevel('gpt-2').put('tokenizer.ggml.merges', { type: 'strings', value: ['ab'] });
    expect(await messageOf(() => convert(broken))).toMatch(/not a pair/);
  });
});

describe('a SentencePiece vocabulary', () => {
  it('merges by score, marks spaces, and falls back to bytes', async () => {
    const files = await convert(sentencePiece());
    expect(await tokens(files, 'ab a')).toEqual(['<s>', '▁ab', '▁a']);
    expect(await tokens(files, 'é')).toEqual(['<s>', '▁', '<0xC3>', '<0xA9>']);
    expect(await tokens(files, 'a</s>')).toEqual(['<s>', '▁a', '</s>']);
    const tokenizer = Tokenizer.fromString(JSON.stringify(files.tokenizerJson));
    const encoded = await tokenizer.encode('ab aé');
    expect(await tokenizer.decode(encoded.getIds(), true)).toBe('ab aé');
  });

  it('puts no space first where the file says so', async () => {
    const builder = sentencePiece().put('tokenizer.ggml.add_space_prefix', { type: 'bool', value: false });
    expect(await tokens(await convert(builder), 'ab a')).toEqual(['<s>', 'ab', '▁a']);
  });

  it('orders the merges by score, then by the ids of the halves', () => {
    const vocab = new Map(['a', 'b', 'c', 'bc', 'ab', 'abc'].map((token, id) => [token, id]));
    expect(mergesFromScores(vocab, [0, 0, 0, -1, -2, -3])).toEqual([
      ['b', 'c'],
      ['a', 'b'],
      ['a', 'bc'],
      ['ab', 'c'],
    ]);
  });
});
