import { describe, expect, it } from 'vitest';
import { analyse } from '../../../../src/extension/features/language/analysis';
import { completeAt } from '../../../../src/extension/features/language/suggest/complete';
import type { Suggestion } from '../../../../src/extension/features/language/suggest/suggestion';
import { parseExperiment } from '../../../../src/protocol/experiment/parse';
import { keysOf } from '../../../../src/protocol/experiment/schema/input';
import { EXPERIMENT_SCHEMA } from '../../../../src/protocol/experiment/validate';
import { FILE, withCursor, WORLD } from './world';

async function complete(marked: string) {
  const { text, offset } = withCursor(marked);
  const found = await completeAt(analyse(text, FILE), offset, WORLD);
  const suggestions = found?.suggestions ?? [];
  return {
    labels: suggestions.map(({ label }) => label),
    suggestions,
    word: found === undefined ? undefined : text.slice(found.span.start, found.span.end),
    /** The text once a suggestion has been taken. */
    taken: (label: string): string => {
      const suggestion = suggestions.find((each) => each.label === label);
      if (suggestion === undefined || found === undefined) throw new Error(`no suggestion ${label}`);
      return text.slice(0, found.span.start) + filled(suggestion) + text.slice(found.span.end);
    },
  };
}

/** A snippet as it stands in the file when every place is left as it is. */
function filled({ insert, snippet }: Suggestion): string {
  if (snippet !== true) return insert;
  return insert
    .replaceAll(/\$\{\d+:([^}]*)\}/gu, '$1')
    .replaceAll(/\$\d+/gu, '')
    .replaceAll(/\\(.)/gu, '$1');
}

const HEAD = 'model: models/tiny\ndata:\n  train: data/train.jsonl\n  text: "{question}"\n';

describe('keys', () => {
  it('are those of the schema that are not there, in its order', async () => {
    const { labels } = await complete('model: m\n|\n');
    expect(labels).toEqual(keysOf(EXPERIMENT_SCHEMA).filter((key) => key !== 'model'));
  });

  it('are those of the section that the indentation says', async () => {
    const { labels, word } = await complete(
      `${HEAD}training:\n  max_steps: 3\n  batch|\n  seed: 1\nmemory:\n`,
    );
    expect(word).toBe('batch');
    expect(labels).toContain('batch_size');
    expect(labels).not.toContain('max_steps');
    expect(labels).not.toContain('seed');
    expect(labels).not.toContain('rank');
  });

  it('put alternatives to what is there last, and say so', async () => {
    const { suggestions } = await complete('training:\n  max_steps: 3\n  |\n');
    expect(suggestions.at(-1)?.label).toBe('epochs');
    expect(suggestions.at(-1)?.detail).toContain('in place of max_steps');
  });

  it('are suggested in braces, also in several lines', async () => {
    expect((await complete('training: { adam: { beta1: 0.9, | } }\n')).labels).toEqual(['beta2', 'epsilon']);
    expect((await complete('checkpoint: {\n  every: 5,\n  |\n}\n')).labels).toEqual(['keep']);
    expect((await complete('checkpoint: { k|, every: 3 }\n')).word).toBe('k');
  });

  it('are suggested before the keys of the rest of the file', async () => {
    const { labels } = await complete('|\ndata:\n  train: a.jsonl\n');
    expect(labels).toContain('model');
    expect(labels).not.toContain('data');
    expect(labels).not.toContain('LoRA: text');
  });

  it('keep the colon that is there', async () => {
    expect((await complete('mo|: x\n')).taken('model')).toBe('model: x\n');
  });

  it('come with a default, a place or a section', async () => {
    const { taken } = await complete('model: m\n|');
    expect(taken('device')).toBe('model: m\ndevice: ');
    expect(taken('checkpoint')).toBe('model: m\ncheckpoint:\n  ');
    expect(taken('data')).toBe('model: m\ndata:\n  train: ');
    expect((await complete('adapter:\n  |')).taken('rank')).toBe('adapter:\n  rank: 16');
    expect((await complete('training:\n  |')).taken('learning_rate')).toBe(
      'training:\n  learning_rate: 2.0e-4',
    );
  });

  it('are not suggested in comments, nor under what has no keys', async () => {
    expect((await complete('# mo|\n')).labels).toEqual([]);
    expect((await complete('model: m # |\n')).labels).toEqual([]);
    expect((await complete('model: m\nname: x\nwrong:\n  |\n')).labels).toEqual([]);
  });
});

describe('values', () => {
  it('are the words of the schema with what they mean, the default first', async () => {
    const { labels, suggestions } = await complete('training:\n  scheduler: |\n');
    expect(labels).toEqual(['linear', 'constant', 'cosine']);
    expect(suggestions[0]).toMatchObject({ detail: 'default', preselect: true });
    const recompute = await complete('memory:\n  recompute: |\n');
    expect(recompute.suggestions.find(({ label }) => label === 'cheap')?.documentation).toBe(
      'norms, activations and attention probabilities.',
    );
  });

  it('are true and false, null, and numbers', async () => {
    expect((await complete('data:\n  packing: |\n')).labels).toEqual(['false', 'true']);
    expect((await complete('evaluation: { every: | }\n')).labels).toEqual(['null', '50', '100']);
    expect((await complete('adapter:\n  rank: 1|\n')).labels).toEqual(['16', '4', '8', '32', '64', '128']);
  });

  it('take the place of the whole word', async () => {
    const { taken, word } = await complete('training:\n  scheduler: con|stant # slow\n');
    expect(word).toBe('constant');
    expect(taken('cosine')).toBe('training:\n  scheduler: cosine # slow\n');
    expect((await complete('training: { scheduler: cos|, seed: 1 }')).taken('linear')).toBe(
      'training: { scheduler: linear, seed: 1 }',
    );
  });

  it('are items of a list', async () => {
    expect((await complete('evaluation:\n  metrics: [|]\n')).labels).toEqual(['perplexity']);
    expect((await complete('evaluation:\n  metrics:\n    - |\n')).labels).toEqual(['perplexity']);
    expect((await complete('evaluation:\n  metrics: [perplexity, |]\n')).labels).toEqual([]);
  });
});

describe('target modules', () => {
  const start = 'model: models/tiny\nadapter:\n  target_modules: ';
  it('are the model’s, but those that are there', async () => {
    expect((await complete(`${start}[q_proj, |]`)).labels).toEqual(['k_proj', 'v_proj', 'o_proj']);
    expect((await complete(`${start}[q_proj, k|, v_proj]`)).labels).toEqual(['k_proj', 'o_proj']);
    expect((await complete(`${start}\n    - q_proj\n    - |\n`)).labels).toEqual([
      'k_proj',
      'v_proj',
      'o_proj',
    ]);
    expect((await complete(`${start}[\n    q_proj,\n    |`)).labels).toEqual(['k_proj', 'v_proj', 'o_proj']);
  });

  it('are whole lists where there is none', async () => {
    const { labels } = await complete(`${start}|\n`);
    expect(labels).toEqual(['all-linear', '[q_proj, v_proj]', '[q_proj, k_proj, v_proj, o_proj]']);
  });
});

describe('paths', () => {
  it('are models, data files, and folders on the way', async () => {
    expect((await complete('model: |\n')).labels).toEqual(['tiny.gguf', 'data/', 'models/']);
    expect((await complete('model: models/|\n')).taken('models/tiny')).toBe('model: models/tiny\n');
    expect((await complete('data:\n  train: data/|\n')).labels).toEqual([
      'data/rows.csv',
      'data/train.jsonl',
    ]);
    expect((await complete('data:\n  train: [data/rows.csv, "data/|"]\n')).taken('data/train.jsonl')).toBe(
      'data:\n  train: [data/rows.csv, "data/train.jsonl"]\n',
    );
    expect((await complete('data:\n  eval: ../work/data/|\n')).labels).toContain('../work/data/train.jsonl');
  });
});

describe('columns', () => {
  const start = 'model: models/tiny\ndata:\n  train: data/train.jsonl\n';
  it('stand between the braces of a template', async () => {
    const { labels, taken } = await complete(`${start}  prompt: "Q: {|"\n`);
    expect(labels).toEqual(['question', 'answer']);
    expect(taken('question')).toBe(`${start}  prompt: "Q: {question}"\n`);
    expect((await complete(`${start}  prompt: "Q: {que|}"\n`)).taken('answer')).toBe(
      `${start}  prompt: "Q: {answer}"\n`,
    );
  });

  it('stand in block text, and not outside braces or after two', async () => {
    expect((await complete(`${start}  prompt: |\n    Q: {`.replace('|\n', '>\n') + '|\n')).labels).toEqual([
      'question',
      'answer',
    ]);
    expect((await complete(`${start}  prompt: "{{|"\n`)).labels).not.toContain('question');
  });

  it('are whole templates where there is none', async () => {
    expect((await complete(`${start}  text: |\n`)).taken('{question}')).toBe(
      `${start}  text: "{question}"\n`,
    );
    expect((await complete(`${start}  text: {|\n`)).taken('{question}')).toBe(
      `${start}  text: "{question}"\n`,
    );
  });

  it('of chats are those that hold messages', async () => {
    expect((await complete(`${start}  chat: |\n`)).labels).toEqual(['messages']);
  });
});

describe('whole experiments', () => {
  it('are offered in an empty file, and are right as they stand', async () => {
    const { suggestions } = await complete('|');
    const whole = suggestions.filter(({ kind }) => kind === 'snippet');
    expect(whole.length).toBeGreaterThanOrEqual(8);
    for (const suggestion of whole) {
      const text = filled(suggestion);
      expect({ text, errors: parseExperiment(text, 'x').errors.map(({ message }) => message) }).toEqual({
        text,
        errors: [],
      });
    }
  });
});
