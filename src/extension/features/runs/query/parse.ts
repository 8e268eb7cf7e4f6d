import { nearest } from '../../../../base/nearest';
import { RUN_STATUSES } from '../../../../protocol/run/status';
import {
  NUMBER_FIELDS,
  type NumberField,
  OPERATORS,
  type Operator,
  type ParsedQuery,
  SPAN_FIELDS,
  type Term,
  TEXT_FIELDS,
  type TextField,
} from './ast';
import { lexQuery, type Token } from './lex';
import { parseSpan } from './span';

/** The words that stand for a state: those of a run, and `active` for all in which a trainer is at work. */
export const STATUS_WORDS: readonly string[] = [...RUN_STATUSES, 'active'];

/** Reads a query. It never throws, whatever the text holds. */
export function parseQuery(query: string): ParsedQuery {
  const lexed = lexQuery(query);
  if ('problem' in lexed) return lexed;
  const terms: Term[] = [];
  const { tokens } = lexed;
  try {
    for (let i = 0; i < tokens.length; i++) {
      let negations = 0;
      let token = tokens[i];
      while (token !== undefined && isNot(token)) {
        negations++;
        const next = tokens[++i];
        if (next === undefined) fail('what must not be?', token);
        token = next;
      }
      if (token !== undefined) terms.push(negated(parseTerm(token), negations));
    }
    return { terms };
  } catch (thrown) {
    if (thrown instanceof Refusal) return { problem: thrown.problem };
    throw thrown;
  }
}

class Refusal extends Error {
  constructor(readonly problem: { message: string; start: number; end: number }) {
    super(problem.message);
  }
}

function fail(message: string, { start, end }: Pick<Token, 'start' | 'end'>): never {
  throw new Refusal({ message, start, end });
}

function isNot({ text, quoted }: Token): boolean {
  return quoted === undefined && text.toLowerCase() === 'not';
}

function negated(term: Term, times: number): Term {
  return times === 0 ? term : { kind: 'not', term: negated(term, times - 1) };
}

function parseTerm(token: Token): Term {
  const { text, quoted, start, end } = token;
  // A dash alone is a word.
  if (text.startsWith('-') && quoted !== 0 && (text.length > 1 || quoted === 1)) {
    const rest = {
      text: text.slice(1),
      start: start + 1,
      end,
      quoted: quoted === undefined ? undefined : quoted - 1,
    };
    return { kind: 'not', term: parseTerm(rest) };
  }
  const plain = text.slice(0, quoted);
  const comparison = /^([^:<>=]*)(<=|>=|<|>|=)/u.exec(plain);
  const [, field, sign] = comparison ?? [];
  const operator = OPERATORS.find((known) => known === sign);
  if (field !== undefined && operator !== undefined) {
    return parseComparison(field, operator, text.slice(field.length + operator.length), token);
  }
  const colon = plain.indexOf(':');
  if (colon >= 0) return parseText(plain.slice(0, colon), text.slice(colon + 1), token);
  if (quoted === undefined && text.toLowerCase() === 'starred') return { kind: 'starred' };
  return { kind: 'word', text };
}

function parseText(name: string, value: string, token: Token): Term {
  const field = TEXT_FIELDS.find((known) => known === name.toLowerCase());
  if (field === undefined) {
    const figure = numberField(name);
    if (figure !== undefined) fail(`${figure} is compared: ${figure}<…, ${figure}>…`, token);
    fail(unknown(name, 'A text with a colon in it goes in quotes.'), token);
  }
  if (value === '') fail(`${field}: what?`, token);
  if (field === 'status') checkStatus(value, token);
  return { kind: 'text', field, text: value };
}

function checkStatus(value: string, token: Token): void {
  if (STATUS_WORDS.includes(value.toLowerCase())) return;
  const meant = nearest(value, STATUS_WORDS);
  const hint = meant === undefined ? `One of ${STATUS_WORDS.join(', ')}.` : `Did you mean ${meant}?`;
  fail(`there is no status '${value}'. ${hint}`, token);
}

function parseComparison(name: string, operator: Operator, value: string, token: Token): Term {
  const field = numberField(name);
  if (field === undefined) {
    const text: TextField | undefined = TEXT_FIELDS.find((known) => known === name.toLowerCase());
    if (text !== undefined) fail(`${text} is asked for by a colon: ${text}:…`, token);
    fail(unknown(name, 'A text with <, > or = in it goes in quotes.'), token);
  }
  if (SPAN_FIELDS.includes(field)) {
    const span = parseSpan(value);
    if (span === undefined) fail(`${field}${operator} takes a span such as 30s, 45m, 12h, 2d or 1w`, token);
    return { kind: 'number', field, operator, value: span };
  }
  const number = parseNumber(value);
  if (number === undefined) fail(`${field}${operator} takes a number such as 2.1, 1e-3, 10k or 1.5M`, token);
  return { kind: 'number', field, operator, value: number };
}

function numberField(name: string): NumberField | undefined {
  const lower = name.toLowerCase();
  // One step is asked for as well as many; `los` is no loss.
  const whole = lower === 'step' ? 'steps' : lower;
  return NUMBER_FIELDS.find((known) => known === whole);
}

function parseNumber(text: string): number | undefined {
  const [, digits, unit] = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([kmb]?)$/iu.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const factor = { '': 1, k: 1e3, m: 1e6, b: 1e9 }[unit?.toLowerCase() ?? ''] ?? 1;
  const number = Number(digits) * factor;
  return Number.isFinite(number) ? number : undefined;
}

function unknown(name: string, otherwise: string): string {
  const meant = nearest(name, [...TEXT_FIELDS, ...NUMBER_FIELDS]);
  return `there is no field '${name}'. ${meant === undefined ? otherwise : `Did you mean ${meant}?`}`;
}
