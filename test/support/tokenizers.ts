import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '../../src/data/text/tokenizer';

const folder = join(import.meta.dirname, '..', 'fixtures', 'tokenizers');

export type FixtureTokenizer = 'bytes' | 'metaspace';

/** A file of a fixture tokenizer (see test/fixtures/tokenizers/make.mjs), as text. */
export function fixtureText(
  name: FixtureTokenizer,
  file: 'tokenizer.json' | 'tokenizer_config.json',
): string {
  return readFileSync(join(folder, name, file), 'utf8');
}

/** A small tokenizer of a real form: `bytes` as SmolLM2's, `metaspace` as Llama 2's. */
export function fixtureTokenizer(name: FixtureTokenizer, chatTemplate?: string): Tokenizer {
  return new Tokenizer({
    tokenizer: JSON.parse(fixtureText(name, 'tokenizer.json')),
    config: JSON.parse(fixtureText(name, 'tokenizer_config.json')),
    chatTemplate,
    file: join(folder, name),
  });
}
