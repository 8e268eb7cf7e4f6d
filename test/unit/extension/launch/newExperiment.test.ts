import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METHODS } from '../../../../src/extension/features/launch/newExperiment/methods';
import {
  collectData,
  collectModels,
  evaluationBeside,
  inCopy,
  ownFirst,
  pathInFile,
  problemOfName,
  proposeName,
} from '../../../../src/extension/features/launch/newExperiment/places';
import { proposeRowForms } from '../../../../src/extension/features/launch/newExperiment/rowForms';
import { experimentText } from '../../../../src/extension/features/launch/newExperiment/template';
import { parseExperiment } from '../../../../src/protocol/experiment/parse';
import type { RowForm } from '../../../../src/protocol/experiment/types';

const text = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' });
const forms: fc.Arbitrary<RowForm> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), text }),
  fc.record({ kind: fc.constant('chat' as const), column: text }),
  fc.record({ kind: fc.constant('prompt-completion' as const), prompt: text, completion: text }),
);

describe('a new experiment', () => {
  it('is read without an error or a warning, and says what was answered', () => {
    const path = text.map((name) => `${name}.jsonl`);
    const given = fc.record({
      name: text,
      model: text.filter((model) => !/\.onnx$/iu.test(model)),
      train: path,
      evaluation: fc.option(path, { nil: undefined }),
      form: forms,
      method: fc.constantFrom(...METHODS.map(({ method }) => method)),
      positions: fc.integer({ min: 2, max: 1 << 17 }),
    });
    fc.assert(
      fc.property(given, (experiment) => {
        const { values, errors, warnings } = parseExperiment(experimentText(experiment), 'x.tune.yaml');
        expect([errors, warnings]).toEqual([[], []]);
        const { form } = experiment;
        expect(values).toMatchObject({
          name: experiment.name,
          model: experiment.model,
          data: {
            train: experiment.train,
            max_length: Math.min(512, experiment.positions),
            ...(experiment.evaluation === undefined
              ? { eval_fraction: 0.05 }
              : { eval: experiment.evaluation }),
            ...(form.kind === 'chat' ? { chat: form.column } : {}),
            ...(form.kind === 'text' ? { text: form.text } : {}),
            ...(form.kind === 'prompt-completion'
              ? { prompt: form.prompt, completion: form.completion }
              : {}),
          },
          adapter: { method: experiment.method },
        });
      }),
    );
  });

  it('is a text that people like to read', () => {
    expect(
      experimentText({
        name: 'gsm8k-lora',
        model: 'models/SmolLM2-135M',
        train: 'data/train.jsonl',
        evaluation: 'data/test.jsonl',
        form: { kind: 'prompt-completion', prompt: 'Question: {question}\nAnswer:', completion: ' {answer}' },
        method: 'lora',
        positions: 8192,
      }),
    ).toMatchInlineSnapshot(`
      "name: gsm8k-lora
      model: models/SmolLM2-135M

      data:
        train: data/train.jsonl
        eval: data/test.jsonl
        prompt: "Question: {question}\\nAnswer:"
        completion: " {answer}"   # the loss is on it alone
        max_length: 512         # tokens; a longer row is cut

      adapter:
        method: lora            # W x + (alpha / rank) B A x; B is 0 at the start
        rank: 16
        target_modules: all-linear

      training:
        epochs: 1               # or max_steps
        batch_size: 8
        learning_rate: 2.0e-4
        scheduler: cosine
        warmup_ratio: 0.03
        seed: 42

      evaluation: { every: 50 } # steps; also before the first and after the last
      checkpoint: { every: 100 }
      device: auto
      "
    `);
  });
});

describe('how a row may become text', () => {
  const labels = (columns: string[], chat: string[] = []) =>
    proposeRowForms(columns, chat).map(({ label }) => label);

  it.each([
    [['question', 'answer'], 'Prompt and completion: question → answer'],
    [['id', 'Instruction', 'input', 'output'], 'Prompt and completion: Instruction → output'],
    [['en', 'de'], 'Prompt and completion: en → de'],
    [['id', 'label', 'text'], 'Text: text'],
    [['text'], 'Text: text'],
  ])('is guessed from the columns %j', (columns, first) => {
    expect(labels(columns)[0]).toBe(first);
  });

  it('is a chat where a column holds messages', () => {
    expect(labels(['messages', 'id'], ['messages'])).toEqual(['Chat: messages', 'Text: id']);
  });

  it('has the input of an instruction in its prompt', () => {
    const [first] = proposeRowForms(['instruction', 'input', 'output'], []);
    expect(first?.form).toEqual({
      kind: 'prompt-completion',
      prompt: 'Instruction: {instruction}\n{input}\nOutput:',
      completion: ' {output}',
    });
  });
});

describe('what lies in a workspace', () => {
  it('is offered with what lies in the chosen folder first', () => {
    const files = ['/one/a.jsonl', '/twofold/b.jsonl', '/two/c.jsonl', '/two/d/e.jsonl'].map((file) =>
      resolve(file),
    );
    expect(ownFirst(files, resolve('/two'))).toEqual([2, 3, 0, 1].map((at) => files[at]));
  });

  it('is used where it lies, but for what lies in the sample, which is copied', async () => {
    let copies = 0;
    const copy = (): Promise<string> => {
      copies++;
      return Promise.resolve(resolve('/work/copy'));
    };
    const sample = resolve('/extension/sample');
    expect(await inCopy(resolve('/work/model'), sample, copy)).toBe(resolve('/work/model'));
    expect(copies).toBe(0);
    expect(await inCopy(join(sample, 'data', 'x.jsonl'), sample, copy)).toBe(
      resolve('/work/copy/data/x.jsonl'),
    );
  });

  it('is a model where weights lie beside a config, or a GGUF file', () => {
    const files = [
      join('m', 'config.json'),
      join('m', 'model.safetensors'),
      join('n', 'config.json'),
      join('q', 'x.gguf'),
      join('adapter', 'adapter_model.safetensors'),
    ];
    expect(collectModels(files)).toEqual(['m', join('q', 'x.gguf')]);
  });

  it('is data, but for what tools write', () => {
    expect(collectData(['b.csv', 'a.jsonl', 'package.json', 'tokenizer.json', 'README.txt'])).toEqual([
      'a.jsonl',
      'b.csv',
    ]);
  });

  it('has a file for evaluation beside that for training, by its name', () => {
    const files = ['moby.train.jsonl', 'moby.eval.jsonl', 'train.csv', 'validation.csv'];
    expect(evaluationBeside('moby.train.jsonl', files)).toBe('moby.eval.jsonl');
    expect(evaluationBeside('train.csv', files)).toBe('validation.csv');
    expect(evaluationBeside('moby.eval.jsonl', files)).toBeUndefined();
  });

  it('is named relative to the file where it lies below the folder', () => {
    const root = join('/', 'work');
    expect(pathInFile(join(root, 'data', 'a.csv'), root, root)).toBe('data/a.csv');
    expect(pathInFile(join('/', 'models', 'm'), root, root)).toMatch(/models\/m$/u);
    expect(pathInFile(join('/', 'models', 'm'), root, root)).not.toMatch(/^\.\./u);
  });
});

describe('a name', () => {
  it.each([
    ['data/moby-dick.train.jsonl', 'moby-dick-lora'],
    ['train.csv', 'lora'],
    ['My Data.json', 'My-Data-lora'],
  ])('is proposed for %s', (train, name) => {
    expect(proposeName(train, 'lora')).toBe(name);
  });

  it.each([
    ['', 'needed'],
    ['a/b', 'cannot be named'],
    ['a\u0007', 'cannot be named'],
    ['.a', 'dot'],
    ['taken', 'already'],
    ['x'.repeat(101), 'At most'],
  ])('%j is refused', (name, why) => {
    expect(problemOfName(name, (file) => file === 'taken.tune.yaml')).toContain(why);
  });

  it('is accepted as any file may be named', () => {
    expect(problemOfName('Größe 2', () => false)).toBeUndefined();
  });
});
