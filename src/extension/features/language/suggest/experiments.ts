import type { Suggestion } from './suggestion';

/** What a whole experiment of each method begins with; the schema's descriptions tell the rest. */
const METHODS = [
  {
    method: 'lora',
    title: 'LoRA',
    what: 'A trained product of two thin matrices beside each weight.',
    adapter: ['rank: ${5:16}', 'target_modules: all-linear'],
    learningRate: '2.0e-4',
  },
  {
    method: 'pissa',
    title: 'PiSSA',
    what: 'LoRA, started from the principal directions of each weight.',
    adapter: ['rank: ${5:16}', 'target_modules: all-linear'],
    learningRate: '2.0e-4',
  },
  {
    method: 'lamda',
    title: 'LaMDA',
    what: 'Frozen principal directions, a small trained core, and a second projection that freezes gradually.',
    adapter: ['rank: ${5:32}', 'target_modules: all-linear', 'freeze: { fraction: 0.3 }'],
    learningRate: '4.0e-4',
  },
  {
    method: 'full',
    title: 'full fine-tuning',
    what: 'Every weight is trained.',
    adapter: [],
    learningRate: '${5:2.0e-5}',
  },
] as const;

const FORMS = [
  {
    title: 'text',
    lines: ['text: "{${3:text}}"$4'],
  },
  {
    title: 'prompt and completion',
    // The backslash reaches the file: a snippet reads two as one.
    lines: ['prompt: "{${3:question}}\\\\n"', 'completion: "{${4:answer}}"'],
  },
] as const;

/** Whole experiments, for an empty file: each method, with each way in which a row becomes text. */
export function suggestExperiments(): Suggestion[] {
  return METHODS.flatMap(({ method, title, what, adapter, learningRate }) =>
    FORMS.map((form): Suggestion => {
      const lines = [
        'model: ${1:path/to/model}',
        '',
        'data:',
        '  train: ${2:path/to/train.jsonl}',
        ...form.lines.map((line) => `  ${line}`),
        '  max_length: 512',
        '',
        'adapter:',
        `  method: ${method}`,
        ...adapter.map((line) => `  ${line}`),
        '',
        'training:',
        '  max_steps: ${6:300}',
        '  batch_size: 8',
        `  learning_rate: ${learningRate}`,
        '  scheduler: cosine',
        '$0',
      ];
      return {
        label: `${title}: ${form.title}`,
        kind: 'snippet',
        detail: 'a whole experiment',
        documentation: what,
        insert: lines.join('\n'),
        snippet: true,
      };
    }),
  );
}
