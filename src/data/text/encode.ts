import { InputError } from '../../base/errors';
import { hashString } from '../../base/random';
import type { DataRow } from '../files/row';
import { ChatTemplate, messagesOf, type RenderedChat } from './chat';
import { parseTemplate, renderTemplate, templateColumns, type RowTemplate } from './template';
import type { Tokenizer } from './tokenizer';

/** How a row becomes text: the three forms of the config's `data`. */
export type RowForm =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'prompt-completion'; readonly prompt: string; readonly completion: string }
  | { readonly kind: 'chat'; readonly column: string };

/** A row as tokens, before it is cut. */
export interface EncodedRow {
  readonly ids: Int32Array;
  /** 1 where the token is a label. */
  readonly supervised: Uint8Array;
  /** Hash of the row's text alone: the same whatever the tokenizer. */
  readonly textHash: number;
}

export type RowEncoder = (row: DataRow) => EncodedRow;

/**
 * The encoder of a form, exactly:
 *
 * - `text`: what the tokenizer gives with its own special tokens, then end-of-sequence; everything is supervised.
 * - `prompt` + `completion`: the prompt's tokens with special tokens, then the completion tokenised on its own
 *   without them, then end-of-sequence; the completion and the end are supervised.
 * - `chat`: the model's template, tokenised without special tokens since the template writes them; the assistant's
 *   turns are supervised.
 */
export function rowEncoder(form: RowForm, tokenizer: Tokenizer): RowEncoder {
  switch (form.kind) {
    case 'text':
      return textEncoder(templateWithColumn('data.text', form.text), tokenizer);
    case 'prompt-completion':
      return completionEncoder(
        parseTemplate('data.prompt', form.prompt),
        templateWithColumn('data.completion', form.completion),
        tokenizer,
      );
    case 'chat':
      return chatEncoder(form.column, tokenizer);
  }
}

function templateWithColumn(key: string, source: string): RowTemplate {
  const template = parseTemplate(key, source);
  if (templateColumns(template).length === 0) {
    throw new InputError({
      what: 'the template names no column, so every row would be the same',
      key,
      got: JSON.stringify(source),
      remedy: 'Put a column in braces, e.g. {text}.',
    });
  }
  return template;
}

function textEncoder(template: RowTemplate, tokenizer: Tokenizer): RowEncoder {
  const { eos } = tokenizer;
  return (row) => {
    const text = renderTemplate(template, row);
    const ids = tokenizer.encode(text, { special: true });
    const withEnd = new Int32Array(ids.length + 1);
    withEnd.set(ids);
    withEnd[ids.length] = eos;
    return { ids: withEnd, supervised: new Uint8Array(withEnd.length).fill(1), textHash: hashString(text) };
  };
}

function completionEncoder(prompt: RowTemplate, completion: RowTemplate, tokenizer: Tokenizer): RowEncoder {
  const { eos } = tokenizer;
  return (row) => {
    const asked = renderTemplate(prompt, row);
    const answered = renderTemplate(completion, row);
    const head = tokenizer.encode(asked, { special: true });
    const tail = tokenizer.encode(answered, { special: false });
    const ids = new Int32Array(head.length + tail.length + 1);
    ids.set(head);
    ids.set(tail, head.length);
    ids[ids.length - 1] = eos;
    const supervised = new Uint8Array(ids.length).fill(1, head.length);
    return { ids, supervised, textHash: hashString(answered, hashString(asked)) };
  };
}

function chatEncoder(column: string, tokenizer: Tokenizer): RowEncoder {
  const template = new ChatTemplate(tokenizer);
  return (row) => {
    const rendered = template.renderWithSpans(messagesOf(row, column), row);
    const ids = tokenizer.encode(rendered.text, { special: false });
    return { ids, supervised: superviseSpans(rendered, ids, tokenizer), textHash: hashString(rendered.text) };
  };
}

/**
 * Marks the tokens of the assistant's spans. The tokenizer gives no offsets, so a place in the text becomes a place in
 * the tokens by tokenising what stands before it: as far as those tokens are the whole's, they lie before the place. A
 * token that lies across a border (templates put special tokens there, so it is rare) belongs to what follows.
 */
function superviseSpans(
  { text, assistant }: RenderedChat,
  ids: Int32Array,
  tokenizer: Tokenizer,
): Uint8Array {
  const supervised = new Uint8Array(ids.length);
  const tokenAt = (offset: number): number => {
    if (offset >= text.length) return ids.length;
    const before = tokenizer.encode(text.slice(0, offset), { special: false });
    let shared = 0;
    while (shared < before.length && before[shared] === ids[shared]) shared++;
    return shared;
  };
  for (const { start, end } of assistant) supervised.fill(1, tokenAt(start), tokenAt(end));
  return supervised;
}
