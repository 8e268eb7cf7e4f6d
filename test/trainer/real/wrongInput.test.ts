import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeModelFolder } from '../../support/modelFolder';
import { tinyLlama } from '../../unit/weights/gguf/builder';
import { recordOf } from '../support/cli';
import { curveOf, RealBench, type Sections } from './support/realBench';

const bench = new RealBench();
beforeAll(() => bench.open());
afterAll(() => bench.close());

const inBench = (name: string): string => join(bench.folder, name);
const write = (name: string, content: string | Uint8Array): void => writeFileSync(inBench(name), content);

/** Writes a tiny model and changes one of its files. */
async function spoiltModel(
  name: string,
  file: string,
  spoil: (bytes: Buffer) => string | Uint8Array,
): Promise<void> {
  await writeModelFolder(inBench(name));
  write(`${name}/${file}`, spoil(readFileSync(inBench(`${name}/${file}`))));
}

/** An experiment with a mistake, and what is said of it: `F` stands for its file, `D` for the folder that it is in. */
interface Mistake {
  readonly sections: Sections;
  readonly prepare?: () => void | Promise<void>;
  readonly says: string;
}

const COLUMNS = 'question, answer';
const AGAIN = 'Copy or download the file again.';

/** What the experiment file alone shows; no run is made. */
const inTheFile: Readonly<Record<string, Mistake>> = {
  'an unknown key': {
    sections: { adapter: { method: 'lora', rnk: 4 } },
    says: "F:12:3, key 'adapter.rnk': unknown key; expected one of method, rank, alpha, use_rslora, dropout, target_modules, ranks, freeze, basis, core_only, balance, init_from. Did you mean rank?",
  },
  'a key of another section': {
    sections: { training: { rank: 4 } },
    says: "F:16:3, key 'training.rank': unknown key; expected one of max_steps, epochs, batch_size, gradient_accumulation, learning_rate, scheduler, warmup_steps, warmup_ratio, weight_decay, adam, max_grad_norm, shuffle, group_by_length, seed. It stands at adapter.rank.",
  },
  'a misspelt method': {
    sections: { adapter: { method: 'lmada' } },
    says: 'F:11:11, key \'adapter.method\': this value is not allowed; got "lmada"; expected one of lora, pissa, lamda, lamda++, full. Did you mean lamda?',
  },
  'a learning rate beyond reason': {
    sections: { training: { learning_rate: 1e30 } },
    says: "F:14:18, key 'training.learning_rate': this value is not allowed; got 1e+30; expected a number above 0 and at most 1000",
  },
  'a missing data file': {
    sections: { data: { train: ['train.jsonl', 'trian.jsonl'] } },
    says: "F:5:7, key 'data.train': there is no such file; got D/trian.jsonl. Did you mean D/train.jsonl?",
  },
  'a missing model': {
    sections: { model: 'modle' },
    says: "F:1:8, key 'model': there is no such folder or file; got D/modle; expected a folder in Hugging Face form (config.json, *.safetensors, tokenizer.json), or a .gguf. Did you mean D/model?",
  },
};

/** What the model's config shows against the experiment. */
const againstTheModel: Readonly<Record<string, Mistake>> = {
  'a rank above the matrix': {
    sections: { adapter: { method: 'lamda', rank: 33 } },
    says: "F:12:9, key 'adapter.rank': the rank is larger than the matrix of model.layers.0.self_attn.q_proj; got 33; expected at most 32, since the matrix is 32 x 32. Lower the rank, or leave the module out of adapter.target_modules.",
  },
  'a module that matches nothing': {
    sections: { adapter: { target_modules: ['q_proj', 'kproj'], rank: 2 } },
    says: "F:13:7, key 'adapter.target_modules[1]': 'kproj' matches no linear layer of the model; expected one of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, a path such as model.layers.0.self_attn.q_proj, or all-linear. Did you mean k_proj?",
  },
  'rows longer than the model reads': {
    sections: { data: { max_length: 129 } },
    says: "F:9:15, key 'data.max_length': rows may become longer than the model reads; got 129; expected at most 128, the model's max_position_embeddings. Lower data.max_length.",
  },
  'an unsupported architecture': {
    prepare: () =>
      spoiltModel('gpt', 'config.json', (bytes) =>
        bytes.toString().replace('LlamaForCausalLM', 'GPT2LMHeadModel'),
      ),
    sections: { model: 'gpt' },
    says: "D/gpt/config.json, key 'architectures': the architecture 'GPT2LMHeadModel' is not supported; expected LlamaForCausalLM (Llama 2 and 3.x, SmolLM2, TinyLlama); MistralForCausalLM (Mistral 7B); Qwen2ForCausalLM (Qwen 2 and 2.5); Qwen3ForCausalLM (Qwen 3 (dense)). Choose a model of one of these families.",
  },
};

/** What the model's weights show. */
const inTheWeights: Readonly<Record<string, Mistake>> = {
  'a truncated safetensors file': {
    prepare: () => spoiltModel('cut', 'model.safetensors', (bytes) => bytes.subarray(0, bytes.length - 1000)),
    sections: { model: 'cut' },
    says: `D/cut/model.safetensors, tensor 'model.layers.1.mlp.down_proj.weight': the file is truncated: the tensor lies beyond its end; got 107656 bytes; expected 108656 bytes. ${AGAIN}`,
  },
  'a header that lies about offsets': {
    prepare: () =>
      spoiltModel('lie', 'model.safetensors', (bytes) =>
        Buffer.from(bytes.toString('latin1').replace('"data_offsets":[0,', '"data_offsets":[8,'), 'latin1'),
      ),
    sections: { model: 'lie' },
    says: `D/lie/model.safetensors, tensor 'model.embed_tokens.weight': the header lies about the size of the tensor; got data_offsets [8, 44544], which are 44536 bytes; expected 44544 bytes for F32 [348, 32]. ${AGAIN}`,
  },
  'a tensor that the config does not fit': {
    prepare: () =>
      spoiltModel('odd', 'config.json', (bytes) =>
        bytes.toString().replace('"vocab_size": 348', '"vocab_size": 400'),
      ),
    sections: { model: 'odd' },
    says: "D/odd, tensor 'model.embed_tokens.weight': a tensor has another shape than the config says; got [348, 32]; expected [400, 32]. Take config.json and the weights from the same model.",
  },
  'a GGUF type that is not read': {
    prepare: () => {
      const builder = tinyLlama();
      builder.tensors.push({ name: 'output.weight', shape: [8, 256], type: 16, data: new Uint8Array(528) });
      write('iq.gguf', builder.build());
    },
    sections: { model: 'iq.gguf' },
    says: "D/iq.gguf, tensor 'output.weight': tensors of type IQ2_XXS are not read; got IQ2_XXS; expected one of F32, F16, BF16, F64, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K. Get the model in one of these types; Q8_0 loses the least.",
  },
  'a folder without a model': {
    prepare: () => {
      mkdirSync(inBench('bare'));
    },
    sections: { model: 'bare' },
    says: 'D/bare: the folder has no config.json; got an empty folder; expected config.json, model.safetensors and tokenizer.json. Name the folder that a model was downloaded or saved to.',
  },
};

/** What the rows show. */
const inTheData: Readonly<Record<string, Mistake>> = {
  'a missing column': {
    sections: { data: { completion: '{anser}' } },
    says: `D/train.jsonl:1, key 'data.completion': the row has no column 'anser'; got columns ${COLUMNS}. Did you mean 'answer'?`,
  },
  'a template that is not closed': {
    sections: { data: { completion: '{answer' } },
    says: "F:8:15, key 'data.completion': a '{' without a column and '}' at character 1 of the template; got \"{answer\"; expected {column}. Write a brace that is text twice: {{ or }}.",
  },
  'an empty file': {
    prepare: () => write('empty.jsonl', ''),
    sections: { data: { train: 'empty.jsonl' } },
    says: 'D/empty.jsonl: the data file has no rows. Write rows into it, or take it out of the experiment.',
  },
  'a torn line': {
    prepare: () => write('torn.jsonl', '{"question":"a","answer":"b"}\n{"question":\n'),
    sections: { data: { train: 'torn.jsonl' } },
    says: 'D/torn.jsonl:2:13: the line is not valid JSON; got the end of the text; expected a value. Mend the line: each holds one whole object.',
  },
  'no row with a token left to learn from': {
    prepare: () =>
      write('long.jsonl', '{"question":"To every thing there is a season","answer":"b"}\n'.repeat(3)),
    sections: { data: { train: 'long.jsonl', max_length: 8 } },
    says: "D/long.jsonl, key 'data.max_length': max_length 8 cuts every completion: the shortest prompt has 26 tokens. Raise data.max_length above 26.",
  },
};

describe.each([
  ['the experiment file', inTheFile, false],
  ["the model's config", againstTheModel, true],
  ["the model's weights", inTheWeights, true],
  ['the data', inTheData, true],
])('what is wrong in %s', (_, mistakes, makesRun) => {
  it.each(Object.entries(mistakes))('%s', async (name, { sections, prepare, says }) => {
    await prepare?.();
    const id = name.toLowerCase().replaceAll(/\W/gu, '-');
    const file = bench.tune(id, sections);
    const { code, stderr, stdout } = await bench.run('run', file, '--json');
    const said = stderr.replaceAll(file, 'F').replaceAll(bench.folder, 'D').replaceAll('\\', '/');
    expect(said).toBe(`error: ${says}\n`);
    expect(code).toBe(2);
    expect(bench.found(id)).toHaveLength(makesRun ? 1 : 0);
    if (!makesRun) return;
    expect(recordOf(bench.runOf(id))).toMatchObject({ status: 'failed', error: { kind: 'input' } });
    expect(stdout).not.toContain('"split"');
  });
});

describe('what is not wrong enough to end a run', () => {
  it('rows without a token to learn from are left out, counted and told', async () => {
    write(
      'some.jsonl',
      [
        '{"question":"a","answer":"b"}',
        '{"question":"To every thing there is a season","answer":"b"}',
        '',
      ].join('\n'),
    );
    const sections: Sections = { data: { train: 'some.jsonl', eval: 'some.jsonl', max_length: 25 } };
    const { code, stderr } = await bench.run('run', bench.tune('some', sections));
    expect(code).toBe(0);
    expect(stderr).toContain('warning: 1 of 2 training rows have no token to learn from and are left out');
    expect(recordOf(bench.runOf('some'))).toMatchObject({
      facts: { data: { train_rows: 1, train_dropped: 1 } },
    });
  });
});

describe('numbers that run away', () => {
  it('a loss that is no number names the step, the rows, the remedy and the last good checkpoint', async () => {
    const sections: Sections = {
      training: {
        max_steps: 60,
        learning_rate: 1000,
        weight_decay: 1000,
        max_grad_norm: null,
        scheduler: 'constant',
      },
      checkpoint: { every: 1 },
    };
    const { code, stderr } = await bench.run('run', bench.tune('diverges', sections), '--json');
    expect(code).toBe(1);
    const folder = bench.runOf('diverges');
    const steps = curveOf(folder).length - 1;
    const said = stderr.replaceAll(folder, 'R').replaceAll(bench.folder, 'D').replaceAll('\\', '/');
    const rows = String.raw`D/train\.jsonl:\d+, D/train\.jsonl:\d+, D/train\.jsonl:\d+`;
    expect(said).toMatch(
      new RegExp(
        `error: the loss of step ${steps + 1} is not a number; its rows were ${rows}\\. ` +
          `Lower training\\.learning_rate, or look at these rows\\. ` +
          `The last good checkpoint is R/checkpoints/step-${steps}\\.\n$`,
        'u',
      ),
    );
    expect(said).toContain('warning: the gradient of step 2 is exactly 0: nothing is learnt.');
    expect(recordOf(folder)).toMatchObject({ status: 'failed', error: { kind: 'run' } });
  });

  it.each(['lora', 'full'])(
    'a model with a damaged number is said to be that, before the first step: %s',
    async (method) => {
      await writeModelFolder(inBench(`nan-${method}`), {
        change: (name, values) => {
          if (name === 'model.layers.1.mlp.down_proj.weight') values[5] = NaN;
        },
      });
      const sections: Sections = { model: `nan-${method}`, adapter: { method } };
      const { code, stderr } = await bench.run('run', bench.tune(`damaged-${method}`, sections), '--json');
      expect(code).toBe(1);
      expect(stderr).toContain('before any training');
      expect(stderr).toMatch(/look at its weights/iu);
      expect(curveOf(bench.runOf(`damaged-${method}`))).toEqual([]);
    },
  );
});

it('a cache that cannot be made is named with the way out', async () => {
  const before = process.env['EIGENLOOM_CACHE'];
  process.env['EIGENLOOM_CACHE'] = inBench('train.jsonl');
  try {
    const { code, stderr } = await bench.run('run', bench.tune('no-cache'), '--json');
    expect(code).toBe(2);
    expect(stderr).toMatch(/train\.jsonl.*part of the cache folder is a file.*set EIGENLOOM_CACHE/u);
  } finally {
    process.env['EIGENLOOM_CACHE'] = before;
  }
});

it('an evaluation names the place of a key as well', async () => {
  const file = bench.tune('evaluated', { data: { max_length: 500 } });
  const { code, stderr } = await bench.run('eval', file, '--data', inBench('eval.jsonl'));
  expect(code).toBe(2);
  expect(stderr.replaceAll(file, 'F')).toMatch(
    /^error: F:9:15, key 'data\.max_length': rows may become longer/u,
  );
});
