import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../../../src/protocol/experiment/parse';
import { resolveExperiment, rowForm } from '../../../../src/protocol/experiment/resolve';
import { decodeExperiment } from '../../../../src/protocol/experiment/parse';

const GOOD = `
model: models/tiny
data:
  train: rows.jsonl
  prompt: "Q: {q}\\nA: "
  completion: "{a}"
adapter:
  method: lora
training:
  max_steps: 10
`;

function messages(text: string, overrides: string[] = []): string[] {
  return parseExperiment(text, 'x.tune.yaml', overrides).errors.map((error) => error.message);
}

function read(text: string, overrides: string[] = []) {
  const parsed = parseExperiment(text, 'x.tune.yaml', overrides);
  expect(parsed.errors.map((error) => error.message)).toEqual([]);
  if (parsed.values === undefined) throw new Error('no values');
  return {
    experiment: resolveExperiment(parsed.values, 'x', (path) => `/abs/${path}`),
    warnings: parsed.warnings.map((warning) => warning.key),
  };
}

describe('a right experiment', () => {
  it('gets every default, absolute paths and the filled-in alpha', () => {
    const { experiment, warnings } = read(GOOD);
    expect(warnings).toEqual([]);
    expect(experiment.name).toBe('x');
    expect(experiment.model).toBe('/abs/models/tiny');
    expect(experiment.data.train).toEqual(['/abs/rows.jsonl']);
    expect(experiment.adapter).toMatchObject({ method: 'lora', rank: 16, alpha: 16, dropout: 0 });
    expect(experiment.training).toMatchObject({ max_steps: 10, warmup_steps: 0, seed: 42, max_grad_norm: 1 });
    expect(experiment.training).not.toHaveProperty('epochs');
    expect(rowForm(experiment.data)).toEqual({
      kind: 'prompt-completion',
      prompt: 'Q: {q}\nA: ',
      completion: '{a}',
    });
  });

  it('is the same after a trip through run.json', () => {
    for (const method of ['lora', 'pissa', 'lamda', 'full']) {
      const { experiment } = read(GOOD, [`adapter.method=${method}`]);
      const stored: unknown = JSON.parse(JSON.stringify(experiment));
      expect(decodeExperiment(stored, 'run.json')).toEqual(experiment);
    }
  });

  it('has no low-rank keys when everything is trained', () => {
    expect(read(GOOD, ['adapter.method=full']).experiment.adapter).toEqual({ method: 'full' });
  });

  it('takes an empty section for none, and null where it means something', () => {
    const { experiment } = read(`${GOOD}memory:\nevaluation:\n`, ['training.max_grad_norm=null']);
    expect(experiment.memory.recompute).toBe('auto');
    expect(experiment.training.max_grad_norm).toBeNull();
  });

  it('warns of keys without effect', () => {
    const text = GOOD.replace('method: lora', 'method: lora\n  freeze: { fraction: 0.1 }\n  basis: gradient');
    expect(read(text).warnings).toEqual(['adapter.freeze', 'adapter.basis']);
    const gradient = ['adapter.method=lamda', 'adapter.basis=gradient'];
    expect(read(GOOD, gradient).warnings).toEqual([]);
    expect(read(GOOD, [...gradient, 'adapter.balance=true']).warnings).toEqual(['adapter.balance']);
    expect(read(GOOD, ['adapter.method=full', 'adapter.rank=4']).warnings).toEqual(['adapter.rank']);
    expect(read(GOOD, ['adapter.method=pissa', 'adapter.alpha=4']).warnings).toEqual(['adapter.alpha']);
    expect(read(GOOD, ['evaluation.every=5']).warnings).toEqual(['evaluation.every']);
  });
});

describe('overrides', () => {
  it('win over the file, and over its alternatives', () => {
    const { experiment } = read(GOOD, ['training.epochs=2', 'training.warmup_ratio=0.1', 'data.text={t}x']);
    expect(experiment.training).toMatchObject({ epochs: 2, warmup_ratio: 0.1 });
    expect(experiment.training).not.toHaveProperty('max_steps');
    expect(rowForm(experiment.data).kind).toBe('text');
  });

  it('are named in their own errors', () => {
    expect(messages(GOOD, ['adapter.rank=big'])).toEqual([
      '--set adapter.rank=big, key \'adapter.rank\': this value is of the wrong type; got "big"; expected an integer at least 1 and at most 65536',
    ]);
    expect(messages(GOOD, ['training.max_step=3'])[0]).toContain('Did you mean max_steps?');
    expect(messages(GOOD, ['rank'])[0]).toContain('key=value');
    expect(messages(GOOD, ['__proto__.x=1'])[0]).toContain('unknown key');
    expect(messages(GOOD, ['data.train.x=1'])[0]).toContain('no keys of its own');
    expect(messages(GOOD, ['adapter.rank=[1'])[0]).toContain('--set adapter.rank=[1');
    expect(messages(GOOD.replace('adapter:\n  method: lora', 'adapter: 3'), ['adapter.rank=2'])[0]).toContain(
      "x.tune.yaml:7:10, key 'adapter'",
    );
  });
});

describe('a wrong experiment', () => {
  it.each([
    [
      'misspelt key',
      GOOD.replace('  method:', '  methd:'),
      "x.tune.yaml:8:3, key 'adapter.methd': unknown key",
      'mean method?',
    ],
    [
      'key of another section',
      `${GOOD}learning_rate: 1`,
      "x.tune.yaml:11:1, key 'learning_rate'",
      'at training.learning_rate',
    ],
    [
      'misspelt word',
      GOOD.replace('lora', 'loar'),
      "x.tune.yaml:8:11, key 'adapter.method'",
      'Did you mean lora?',
    ],
    [
      'wrong type',
      GOOD.replace('max_steps: 10', 'max_steps: ten'),
      'x.tune.yaml:10:14',
      'got "ten"; expected an integer',
    ],
    ['fraction of a step', GOOD.replace('10', '1.5'), "key 'training.max_steps'", 'got 1.5'],
    [
      'not a number',
      GOOD.replace('max_steps: 10', 'learning_rate: .nan'),
      "key 'training.learning_rate'",
      'got NaN',
    ],
    [
      'infinity',
      GOOD.replace('max_steps: 10', 'learning_rate: .inf'),
      "key 'training.learning_rate'",
      'got Infinity',
    ],
    ['no model', GOOD.replace('model: models/tiny', ''), "key 'model': this key is missing", 'expected text'],
    [
      'steps and epochs',
      `${GOOD}  epochs: 2`,
      "x.tune.yaml:11:3, key 'training.epochs'",
      'max_steps or epochs',
    ],
    ['two warm-ups', `${GOOD}  warmup_steps: 2\n  warmup_ratio: 0.1`, "key 'training.warmup_ratio'", 'twice'],
    [
      'two row forms',
      GOOD.replace('prompt:', 'text: "{t}"\n  prompt:'),
      "key 'data'",
      'got text and prompt + completion',
    ],
    ['no row form', GOOD.replace(/ {2}prompt.*\n.*\n/u, ''), "key 'data'", 'got none'],
    ['prompt alone', GOOD.replace(/ {2}completion.*\n/u, ''), "key 'data.prompt'", 'data.completion'],
    [
      'eval twice',
      GOOD.replace('train:', 'eval: a.csv\n  eval_fraction: 0.1\n  train:'),
      "key 'data.eval_fraction'",
      'twice',
    ],
    [
      'columns of jsonl',
      GOOD.replace('train:', 'columns: [q, a]\n  train:'),
      "key 'data.columns'",
      '.csv or .tsv',
    ],
    ['dropout in pissa', GOOD.replace('lora', 'pissa\n  dropout: 0.1'), "key 'adapter.dropout'", 'only lora'],
    [
      'grouped in file order',
      `${GOOD}  shuffle: false\n  group_by_length: true`,
      "key 'training.group_by_length'",
      'both',
    ],
    [
      'key of another task',
      GOOD.replace('prompt:', 'label: a\n  prompt:'),
      "key 'data.label'",
      'classification',
    ],
    [
      'task to come',
      GOOD.replace('model:', 'task: seq2seq\nmodel:').replace(/prompt.*\n.*\n/u, 'source: a\n  target: b\n'),
      "x.tune.yaml:2:7, key 'task'",
      'not there yet; expected causal-lm',
    ],
    [
      'budget given twice',
      GOOD.replace('lora', 'lamda++\n  rank: 8\n  ranks: { budget: 1000 }'),
      "key 'adapter.rank'",
      'twice',
    ],
    [
      'no candidate between minimum and maximum',
      GOOD.replace('lora', 'lamda++\n  ranks: { candidates: [4, 64], min: 8, max: 32 }'),
      "key 'adapter.ranks.min'",
      'no candidate rank is left',
    ],
    [
      'mean rank below every candidate',
      GOOD.replace('lora', 'lamda++\n  rank: 4'),
      "key 'adapter.rank'",
      'less than the smallest candidate',
    ],
    [
      'pinned to no rank',
      GOOD.replace('lora', 'lamda++\n  ranks: { pinned: { q_proj: 0 } }'),
      "key 'adapter.ranks.pinned.q_proj'",
      '0',
    ],
    ['model form to come', GOOD.replace('models/tiny', 'm.onnx'), "key 'model'", 'not there yet'],
    ['base to come', `${GOOD}base: { quantization: nf4 }`, "key 'base.quantization'", 'not there yet'],
    [
      'data form to come',
      GOOD.replace('rows.jsonl', '[a.jsonl, b.parquet]'),
      "key 'data.train'",
      'not there yet',
    ],
    [
      'list for a section',
      GOOD.replace('adapter:\n  method: lora', 'adapter: [lora]'),
      "key 'adapter'",
      'a section with keys',
    ],
    [
      'word for a list',
      GOOD.replace('method: lora', 'target_modules: all-liner'),
      "key 'adapter.target_modules'",
      'mean all-linear?',
    ],
    ['duplicate key', `${GOOD}model: b`, 'x.tune.yaml:11:1', 'unique'],
    ['tabs', 'model: a\ndata:\n\ttrain: b', 'x.tune.yaml:3:1', 'ab'],
    ['broken YAML', 'model: [a', 'x.tune.yaml:1:10', 'Flow'],
    ['two documents', 'model: a\n---\nmodel: b', 'x.tune.yaml:2:1', 'multiple documents'],
    ['unknown tag', 'model: !!python/object:os.system a', 'x.tune.yaml:1:8', 'tag'],
    ['empty', '', 'x.tune.yaml:1:1', 'empty'],
    ['a word', 'hello', 'x.tune.yaml:1:1', 'no map of keys'],
  ])('%s', (_name, text, place, hint) => {
    const found = messages(text);
    expect(found.join('\n')).toContain(place);
    expect(found.join('\n')).toContain(hint);
  });

  it('is told whole, in the order of the file', () => {
    const lines = parseExperiment(
      'modle: a\ndata: { train: 3, text: x }\nadapter:\n  rank: 0\n  method: pisa\n',
      'x.tune.yaml',
    ).errors.map(({ facts }) => [facts.line, facts.key]);
    expect(lines).toEqual([
      [1, 'model'],
      [1, 'modle'],
      [2, 'data.train'],
      [4, 'adapter.rank'],
      [5, 'adapter.method'],
    ]);
  });
});

describe('hostile text', () => {
  it.each([
    [
      'alias bomb',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map(
          (k, i) =>
            `${k}: &${k} [${Array(9)
              .fill(`*${'abcdefg'[i] ?? ''}`)
              .join(',')}]`,
        )
        .join('\n')}`,
    ],
    ['deep nesting', '['.repeat(60_000)],
    ['deep nesting, closed', `a: ${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['a cycle', 'a: &a { b: *a }'],
    ['far too long', 'x'.repeat(300_000)],
    ['control characters', 'model: "\u0000\u0001"\u0007'],
    ['a prototype', '__proto__: { model: a }\nconstructor: b'],
    ['a key that is a list', '? [a, b]\n: c'],
    ['numbers beyond reason', 'training: { max_steps: 1e400, seed: 99999999999999999999 }'],
  ])('%s', (_name, text) => {
    const found = messages(text);
    expect(found.length).toBeGreaterThan(0);
    for (const message of found) expect(message).toContain('x.tune.yaml');
  });
});
