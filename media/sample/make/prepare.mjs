// Step 1: the texts, the tokenizer, and the untrained model.  node prepare.mjs
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tokenizerJson, trainBpe } from './bpe.mjs';
import { config, randomWeights, writeSafetensors } from './model.mjs';
import { addresses, novel } from './texts.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const folder = (...names) => {
  const made = join(here, ...names);
  mkdirSync(made, { recursive: true });
  return made;
};
const BOS = '<s>';
const EOS = '</s>';

const build = folder('build');
const start = folder('build', 'start');
const model = folder('..', 'model');
const data = folder('..', 'data');

const first = addresses();
const second = novel();
const jsonl = (file, rows) =>
  writeFileSync(file, rows.map((text) => `${JSON.stringify({ text })}\n`).join(''));
jsonl(join(build, 'addresses.train.jsonl'), first.train);
jsonl(join(build, 'addresses.eval.jsonl'), first.eval);
jsonl(join(data, 'moby-dick.train.jsonl'), second.train);
jsonl(join(data, 'moby-dick.eval.jsonl'), second.eval);

// The novel weighs as much as the addresses, or its words would fall to pieces.
const repeat = Math.round(sum(first.train) / sum(second.train));
const texts = [...first.train, ...Array.from({ length: repeat }, () => second.train).flat()];
const bpe = trainBpe(texts, config.vocab_size, [BOS, EOS]);

const special = { bos_token: BOS, eos_token: EOS };
for (const target of [start, model]) {
  const write = (name, value, space) => writeFileSync(join(target, name), `${JSON.stringify(value, null, space)}\n`);
  write('config.json', config, 2);
  write('tokenizer.json', tokenizerJson(bpe, [BOS, EOS], BOS));
  write('tokenizer_config.json', {
    tokenizer_class: 'PreTrainedTokenizerFast',
    ...special,
    model_max_length: config.max_position_embeddings,
    clean_up_tokenization_spaces: false,
  }, 2);
}
const weights = randomWeights(1);
writeSafetensors(join(start, 'model.safetensors'), weights);
console.log(
  `${first.train.length} + ${first.eval.length} rows of addresses, ${second.train.length} + ${second.eval.length} of the novel;`,
  `${bpe.tokens.length} tokens; ${weights.reduce((n, { data: numbers }) => n + numbers.length, 0)} parameters`,
);

function sum(rows) {
  return rows.reduce((total, row) => total + row.length, 0);
}
