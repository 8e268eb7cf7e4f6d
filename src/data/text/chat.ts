import { Template } from '@huggingface/jinja';
import { InputError, toError } from '../../base/errors';
import { kindOf } from '../files/json';
import type { DataRow } from '../files/row';
import { columnOf } from './template';
import type { Tokenizer } from './tokenizer';

/** A message as templates read it; further keys (tool calls, say) reach the template untouched. */
export interface ChatMessage {
  readonly role: string;
  readonly [key: string]: unknown;
}

/** Part of a rendered chat that an assistant said, as offsets into the text. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

export interface RenderedChat {
  readonly text: string;
  readonly assistant: readonly TextSpan[];
}

const KEY = 'data.chat';

/** The messages in a row's column; InputError unless they are a list of objects with a role. */
export function messagesOf(row: DataRow, column: string): readonly ChatMessage[] {
  const value = columnOf(row, column, KEY);
  const wrong = (what: string, got: unknown): InputError =>
    new InputError({
      what,
      file: row.file,
      line: row.line,
      key: KEY,
      got: kindOf(got),
      expected: 'a list of messages, each { "role": "user" | "assistant" | …, "content": "…" }',
    });
  if (!Array.isArray(value) || value.length === 0) throw wrong(`column '${column}' holds no messages`, value);
  const list: unknown[] = value;
  return list.map((message, i) => {
    if (typeof message !== 'object' || message === null || !('role' in message)) {
      throw wrong(`message ${i + 1} of column '${column}' has no role`, message);
    }
    const { role } = message;
    if (typeof role !== 'string')
      throw wrong(`the role of message ${i + 1} of column '${column}' is no text`, role);
    return { ...message, role };
  });
}

function commonPrefix(a: string, b: string): number {
  const limit = Math.min(a.length, b.length);
  let i = 0;
  while (i < limit && a[i] === b[i]) i++;
  return i;
}

/**
 * A model's chat template, compiled once.
 *
 * Where an assistant's turn begins and ends is found by rendering the conversation up to it, since few templates mark
 * it (`{% generation %}`), and the marks of those that do are not shown by the renderer:
 *
 * - A turn begins where the conversation before it, rendered with the prompt for a reply, ends. Where a template puts
 *   more into that prompt than it writes around a finished turn (an open `<think>`), it begins where the two part.
 * - It ends where the conversation up to and with it ends, so the template's own end of turn is learnt. Templates
 *   that write earlier turns in another way than the last one (leaving their reasoning out) break that; there the
 *   turn ends with its content and what the template puts after the content of a last turn.
 *
 * A turn is everything the template writes for it from there on, a line end after its end token as well.
 */
export class ChatTemplate {
  private readonly template: Template;

  /** InputError where the model has no template, or one that does not parse. */
  constructor(private readonly tokenizer: Tokenizer) {
    const source = tokenizer.chatTemplate;
    if (source === undefined) {
      throw new InputError({
        what: 'the model has no chat template',
        file: tokenizer.file,
        key: KEY,
        remedy: 'Use prompt and completion instead of chat, or a model that was tuned for chat.',
      });
    }
    try {
      this.template = new Template(source);
    } catch (thrown) {
      const error = toError(thrown);
      throw new InputError(
        { what: `the chat template does not parse: ${error.message}`, file: tokenizer.file },
        { cause: error },
      );
    }
  }

  /** The text of a conversation; `reply: true` adds what stands before an assistant's answer. */
  render(messages: readonly ChatMessage[], { reply }: { readonly reply: boolean }): string {
    const special: Record<string, string> = {};
    for (const [name, token] of Object.entries(this.tokenizer.special)) special[`${name}_token`] = token;
    // strftime_now and raise_exception are built into the renderer, and must not be given.
    return this.template.render({ ...special, messages, add_generation_prompt: reply });
  }

  /** A conversation and the assistant's parts of it; `row` is named in errors. */
  renderWithSpans(messages: readonly ChatMessage[], row: DataRow): RenderedChat {
    const text = this.attempt(row, () => this.render(messages, { reply: false }));
    const assistant = messages.flatMap((message, i) =>
      message.role === 'assistant' ? [this.span(messages, i, text, row)] : [],
    );
    return { text, assistant };
  }

  private span(messages: readonly ChatMessage[], i: number, text: string, row: DataRow): TextSpan {
    const start = this.startOf(messages.slice(0, i), text, row);
    const whole = this.attempt(row, () => this.render(messages.slice(0, i + 1), { reply: false }));
    if (text.startsWith(whole)) return { start, end: whole.length };
    const closing = this.attempt(row, () => this.closing(messages.slice(0, i)));
    const content = messages[i]?.['content'];
    const said = typeof content === 'string' ? content.trim() : '';
    // What was said, and how a turn closes; where the template drops part of it (reasoning), the close alone.
    for (const tail of [said + closing, closing]) {
      const at = text.indexOf(tail, start);
      if (at >= 0 && closing.trim() !== '') return { start, end: at + tail.length };
    }
    throw new InputError({
      what: `the chat template writes turn ${i + 1} differently once others follow, and its end cannot be found`,
      file: row.file,
      line: row.line,
      key: KEY,
      remedy: 'End each conversation with its only assistant turn, or use prompt and completion.',
    });
  }

  /** What the template writes after the content of a last turn; '' where it cannot be told. */
  private closing(before: readonly ChatMessage[]): string {
    const mark = 'content-of-the-turn';
    const rendered = this.render([...before, { role: 'assistant', content: mark }], { reply: false });
    const at = rendered.lastIndexOf(mark);
    return at < 0 ? '' : rendered.slice(at + mark.length);
  }

  private startOf(before: readonly ChatMessage[], text: string, row: DataRow): number {
    // Some templates refuse an empty conversation: a first turn begins with the text.
    if (before.length === 0) {
      try {
        return commonPrefix(this.render(before, { reply: true }), text);
      } catch {
        return 0;
      }
    }
    const prompt = this.attempt(row, () => this.render(before, { reply: true }));
    if (text.startsWith(prompt)) return prompt.length;
    return commonPrefix(prompt, text);
  }

  private attempt(row: DataRow, render: () => string): string {
    try {
      return render();
    } catch (thrown) {
      const error = toError(thrown);
      throw new InputError(
        {
          what: `the chat template refuses the conversation: ${error.message}`,
          file: row.file,
          line: row.line,
          key: KEY,
        },
        { cause: error },
      );
    }
  }
}
