import type { RowForm } from '../../../../protocol/experiment/types';

/** A way in which the rows of a data file can become text, and how it is offered. */
export interface Proposal {
  readonly label: string;
  readonly detail: string;
  readonly form: RowForm;
}

/** Pairs of columns that are a question and its answer, by the names that data sets give them. */
const PAIRS = [
  ['question', 'answer'],
  ['instruction', 'output'],
  ['instruction', 'response'],
  ['prompt', 'completion'],
  ['prompt', 'response'],
  ['input', 'output'],
  ['input', 'target'],
  ['query', 'answer'],
  ['query', 'response'],
  ['document', 'summary'],
  ['article', 'highlights'],
  ['source', 'target'],
  ['problem', 'solution'],
] as const;

/** The ways that suit the columns of a data file, the likeliest first. `chat` are the columns that hold messages. */
export function proposeRowForms(columns: readonly string[], chat: readonly string[]): Proposal[] {
  const plain = columns.filter((column) => !chat.includes(column));
  return [
    ...chat.map(chatForm),
    ...pairsIn(plain).map(([prompt, completion]) => pairForm(prompt, completion, plain)),
    ...textColumns(plain).map(textForm),
  ];
}

function chatForm(column: string): Proposal {
  return {
    label: `Chat: ${column}`,
    detail: 'Messages through the model’s own chat template; the loss is on the assistant’s turns.',
    form: { kind: 'chat', column },
  };
}

function textForm(column: string): Proposal {
  return {
    label: `Text: ${column}`,
    detail: 'Plain language modelling: the loss is on every token.',
    form: { kind: 'text', text: placeholder(column) },
  };
}

function pairForm(prompt: string, completion: string, columns: readonly string[]): Proposal {
  // Alpaca's form: what the instruction is about stands in a column of its own.
  const extra = prompt.toLowerCase() === 'instruction' ? find(columns, 'input') : undefined;
  const context = extra === undefined ? '' : `\n${placeholder(extra)}`;
  return {
    label: `Prompt and completion: ${prompt} → ${completion}`,
    detail: 'The loss is on the completion only.',
    form: {
      kind: 'prompt-completion',
      prompt: `${title(prompt)}: ${placeholder(prompt)}${context}\n${title(completion)}:`,
      completion: ` ${placeholder(completion)}`,
    },
  };
}

/** The known pairs; where there is none, the only two columns that there are. */
function pairsIn(columns: readonly string[]): [string, string][] {
  const known = PAIRS.flatMap(([a, b]): [string, string][] => {
    const [prompt, completion] = [find(columns, a), find(columns, b)];
    return prompt === undefined || completion === undefined ? [] : [[prompt, completion]];
  });
  if (known.length > 0) return known;
  const [first, second, third] = columns;
  return first !== undefined && second !== undefined && third === undefined ? [[first, second]] : [];
}

/** A column named `text` or the like first; then the others. */
function textColumns(columns: readonly string[]): string[] {
  const likely = columns.filter((column) => /^(?:text|content|body|sentence)$/iu.test(column));
  return [...likely, ...columns.filter((column) => !likely.includes(column))];
}

function find(columns: readonly string[], name: string): string | undefined {
  return columns.find((column) => column.toLowerCase() === name);
}

function placeholder(column: string): string {
  return `{${column}}`;
}

function title(column: string): string {
  return `${column.slice(0, 1).toUpperCase()}${column.slice(1)}`;
}
