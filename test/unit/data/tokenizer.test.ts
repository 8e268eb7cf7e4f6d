import fc from 'fast-check';
import { Tokenizer as RustTokenizer } from 'tokenizers';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/base/errors';
import { Tokenizer } from '../../../src/data/text/tokenizer';
import { TokenStream } from '../../../src/data/text/tokenStream';
import { fixtureText, fixtureTokenizer } from '../../support/tokenizers';

const texts = [
  '',
  ' ',
  'The answer is 42.',
  '  two  spaces\n\n\tand tabs ',
  'Ünïcödé – 漢字 and 🤖👩‍🚀 emoji',
  'user<|im_start|>assistant\nhi<|im_end|></s> <s>',
  'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  "it's we'll 12345 … nations' nation\u00a0x",
];

describe.each(['bytes', 'metaspace'] as const)('Tokenizer of form %s', (name) => {
  const tokenizer = fixtureTokenizer(name);
  const oracle = RustTokenizer.fromString(fixtureText(name, 'tokenizer.json'));

  async function expectSame(text: string): Promise<void> {
    for (const special of [true, false]) {
      const expected = await oracle.encode(text, null, { addSpecialTokens: special });
      const ids = tokenizer.encode(text, { special });
      expect([...ids]).toEqual(expected.getIds());
      expect(tokenizer.decode(ids)).toBe(await oracle.decode([...ids], true));
      expect(tokenizer.decode(ids, { special: true })).toBe(await oracle.decode([...ids], false));
    }
  }

  it.each(texts)('gives the ids and the text of the reference library for %j', expectSame);

  it('gives the ids and the text of the reference library for any text', async () => {
    const piece = fc.oneof(fc.constantFrom(...texts, ' ', '\n', '<s>'), fc.string({ unit: 'grapheme' }));
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 5 }), (pieces) => expectSame(pieces.join(''))),
      { numRuns: 200 },
    );
  });

  it.each(texts)('streams %j so that the parts joined are the whole', (text) => {
    const ids = tokenizer.encode(text, { special: false });
    const stream = new TokenStream(tokenizer);
    const parts = Array.from(ids, (id) => stream.push(id));
    for (const part of parts) expect(part).not.toContain('\ufffd');
    expect(parts.join('') + stream.end()).toBe(tokenizer.decode(ids));
  });
});

describe('Tokenizer', () => {
  it('knows its special tokens, in either form of the config', () => {
    const bytes = fixtureTokenizer('bytes');
    expect(bytes.special).toEqual({ bos: '<|im_start|>', eos: '<|im_end|>', pad: '<|endoftext|>' });
    expect(bytes.decode([bytes.eos], { special: true })).toBe('<|im_end|>');
    expect(bytes.id('unk')).toBeUndefined();
    const metaspace = fixtureTokenizer('metaspace');
    expect(metaspace.id('bos')).toBe(1);
    expect(metaspace.eos).toBe(2);
  });

  it('hashes everything that can change a token', () => {
    const hashes = [
      fixtureTokenizer('bytes'),
      fixtureTokenizer('bytes', '{{ x }}'),
      fixtureTokenizer('metaspace'),
    ];
    expect(new Set(hashes.map((tokenizer) => tokenizer.hash)).size).toBe(3);
    expect(fixtureTokenizer('bytes').hash).toBe(fixtureTokenizer('bytes').hash);
  });

  it('shows an unfinished character at the end of a stream', () => {
    const tokenizer = fixtureTokenizer('bytes');
    const stream = new TokenStream(tokenizer);
    const [first] = tokenizer.encode('漢', { special: false });
    expect(stream.push(first ?? 0)).toBe('');
    expect(stream.end()).toBe('\ufffd');
  });

  it.each([
    [null, {}],
    [{ model: null }, {}],
    [{ model: { type: 'Nonsense' } }, {}],
    [{ model: { type: 'BPE', vocab: {}, merges: [] } }, null],
  ])('refuses malformed files: %j %j', (tokenizer, config) => {
    expect(() => new Tokenizer({ tokenizer, config, file: 'x' })).toThrow(InputError);
  });

  it('says what to do about a tokenizer without an end', () => {
    const parsed: unknown = JSON.parse(fixtureText('bytes', 'tokenizer.json'));
    const without = new Tokenizer({ tokenizer: parsed, config: {}, file: 'x' });
    expect(() => without.eos).toThrow(/names no end-of-sequence token.*tokenizer_config.json/);
    const wrong = new Tokenizer({ tokenizer: parsed, config: { eos_token: '</end>' }, file: 'x' });
    expect(() => wrong.eos).toThrow("'</end>' is no token");
  });
});
