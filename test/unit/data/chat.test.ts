import { describe, expect, it } from 'vitest';
import { ChatTemplate, messagesOf, type ChatMessage } from '../../../src/data/text/chat';
import { rowEncoder } from '../../../src/data/text/encode';
import { Tokenizer } from '../../../src/data/text/tokenizer';
import { fixtureText, fixtureTokenizer } from '../../support/tokenizers';

const say = (role: string, content: string): ChatMessage => ({ role, content });
const row = { values: {}, file: 'chat.jsonl', line: 3 };
const talk = [
  say('user', 'Why?'),
  say('assistant', 'Because.'),
  say('user', 'So?'),
  say('assistant', ' It is.'),
];

/** The assistant's parts of a rendered chat, as text. */
function spoken(name: 'bytes' | 'metaspace', messages: readonly ChatMessage[], template?: string): string[] {
  const chat = new ChatTemplate(fixtureTokenizer(name, template));
  const { text, assistant } = chat.renderWithSpans(messages, row);
  return assistant.map(({ start, end }) => text.slice(start, end));
}

/** In the manner of Qwen3: the last turn gets an empty <think>, earlier ones lose theirs. */
const reasoning =
  "{% for m in messages %}{% set said = m.content %}{% if m.role == 'assistant' %}{% if '</think>' in said %}{% set said = said.split('</think>')[-1].lstrip('\\n') %}{% endif %}{% if loop.last %}{% set said = '<think>\\n\\n</think>\\n\\n' + said %}{% endif %}{% endif %}{{ '<|im_start|>' + m.role + '\\n' + said + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
/** In the manner of DeepSeek-R1: the prompt for a reply opens a <think> that finished turns do not have. */
const opensThinking =
  "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content + '<|im_end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|><think>\\n' }}{% endif %}";
/** Trims, marks generation, and has no prompt for a reply. */
const trimming =
  "{% for m in messages %}{{ '[' + m.role + ']' }}{% generation %}{{ m.content | trim + '<|im_end|>' }}{% endgeneration %}{% endfor %}";

describe('ChatTemplate', () => {
  it('finds turns with their end tokens in a ChatML template', () => {
    expect(spoken('bytes', talk)).toEqual(['Because.<|im_end|>\n', ' It is.<|im_end|>\n']);
    expect(spoken('bytes', [say('system', 'Be brief.'), ...talk.slice(0, 3)])).toEqual([
      'Because.<|im_end|>\n',
    ]);
  });

  it('finds turns where roles must alternate and there is no prompt for a reply', () => {
    expect(spoken('metaspace', talk)).toEqual([' Because.</s>', '  It is.</s>']);
  });

  it('finds turns that are written differently once others follow', () => {
    const messages = [say('user', 'a'), say('assistant', '<think>\nx\n</think>\n\nA.'), ...talk.slice(0, 2)];
    expect(spoken('bytes', messages, reasoning)).toEqual([
      'A.<|im_end|>\n',
      '<think>\n\n</think>\n\nBecause.<|im_end|>\n',
    ]);
    expect(spoken('bytes', talk, reasoning)[0]).toBe('Because.<|im_end|>\n');
  });

  it('finds turns whose prompt holds more than a finished turn has', () => {
    expect(spoken('bytes', talk, opensThinking)).toEqual(['Because.<|im_end|>', ' It is.<|im_end|>']);
  });

  it('passes over generation marks, and keeps the header where no prompt tells it apart', () => {
    expect(spoken('bytes', talk, trimming)).toEqual([
      '[assistant]Because.<|im_end|>',
      '[assistant]It is.<|im_end|>',
    ]);
  });

  it('finds a first turn of the assistant, and none where there is none', () => {
    expect(spoken('bytes', [say('assistant', 'Hello.')])).toEqual(['Hello.<|im_end|>\n']);
    expect(spoken('bytes', [say('user', 'Hello.')])).toEqual([]);
  });

  it('names the row that the template refuses', () => {
    expect(() => spoken('metaspace', [say('assistant', 'x')])).toThrow(
      /chat\.jsonl:3, key 'data\.chat': the chat template refuses the conversation.*Roles must alternate/,
    );
  });

  it('says what to do where the model has no template, or a broken one', () => {
    const parsed: unknown = JSON.parse(fixtureText('bytes', 'tokenizer.json'));
    const bare = new Tokenizer({ tokenizer: parsed, config: {}, file: 'model' });
    expect(() => new ChatTemplate(bare)).toThrow(/model.*no chat template.*Use prompt and completion/);
    expect(() => new ChatTemplate(fixtureTokenizer('bytes', '{% for %}'))).toThrow('does not parse');
  });

  it('takes the default of several named templates', () => {
    const parsed: unknown = JSON.parse(fixtureText('bytes', 'tokenizer.json'));
    const chat_template = [
      { name: 'tool_use', template: 'no' },
      { name: 'default', template: 'yes' },
    ];
    const named = new Tokenizer({ tokenizer: parsed, config: { chat_template }, file: 'model' });
    expect(new ChatTemplate(named).render(talk, { reply: false })).toBe('yes');
  });
});

describe('messagesOf', () => {
  it.each([
    ['a text', 'text', 'holds no messages; got a string'],
    ['an empty list', [], 'holds no messages'],
    ['a message without a role', [{ content: 'x' }], "message 1 of column 'm' has no role"],
    ['a role that is no text', [say('user', 'x'), { role: 1 }], 'the role of message 2'],
    ['null', [null], 'message 1'],
  ])('refuses %s', (_, m, expected) => {
    expect(() => messagesOf({ ...row, values: { m } }, 'm')).toThrow(expected);
  });

  it('names the nearest column', () => {
    expect(() => messagesOf({ ...row, values: { messages: talk } }, 'mesages')).toThrow(
      "Did you mean 'messages'?",
    );
  });
});

describe('chat rows as tokens', () => {
  it.each(['bytes', 'metaspace'] as const)('supervise exactly the assistant’s tokens (%s)', (name) => {
    const tokenizer = fixtureTokenizer(name);
    const { ids, supervised } = rowEncoder(
      { kind: 'chat', column: 'm' },
      tokenizer,
    )({ ...row, values: { m: talk } });
    const { text } = new ChatTemplate(tokenizer).renderWithSpans(talk, row);
    expect([...ids]).toEqual([...tokenizer.encode(text, { special: false })]);
    const taught = tokenizer.decode(
      ids.filter((_, t) => supervised[t] === 1),
      { special: true },
    );
    expect(taught.trimStart()).toBe(spoken(name, talk).join('').trimStart());
  });
});
