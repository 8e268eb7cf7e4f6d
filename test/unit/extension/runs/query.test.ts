import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  NUMBER_FIELDS,
  OPERATORS,
  SPAN_FIELDS,
  type Term,
  TEXT_FIELDS,
} from '../../../../src/extension/features/runs/query/ast';
import { matches } from '../../../../src/extension/features/runs/query/match';
import { parseQuery, STATUS_WORDS } from '../../../../src/extension/features/runs/query/parse';
import type { RunSummary } from '../../../../src/runs/survey/summary';
import { summaryOf } from '../../../support/runFolders';

const NOW = Date.UTC(2026, 10, 24, 20, 0);

function termsOf(query: string): readonly Term[] {
  const parsed = parseQuery(query);
  if ('problem' in parsed) throw new Error(parsed.problem.message);
  return parsed.terms;
}

function holds(query: string, run: RunSummary): boolean {
  return matches(termsOf(query), run, NOW);
}

const RUN = summaryOf({
  label: 'Best try',
  experiment: 'gsm8k-lamda',
  method: 'lamda',
  status: 'running',
  rank: 32,
  device: 'webgpu',
  step: 120,
  loss: 2.5,
  trainable: 186_880,
  started: NOW - 3_600_000,
  created: NOW - 3_600_000,
  tags: ['Paper', 'two words'],
  note: 'with warm-up',
});
const EVALUATED = { ...RUN, bestEval: { step: 100, loss: 2.05 } };

describe('a query', () => {
  it.each([
    ['', true],
    ['best TRY', true],
    ['"best try"', true],
    ['"try best"', false],
    ['smol', true],
    ['warm', true],
    ['two', true],
    ['nothing', false],
    ['method:lamda', true],
    ['method:lam', false],
    ['status:running', true],
    ['status:active', true],
    ['status:done', false],
    ['tag:paper', true],
    ['tag:"two words"', true],
    ['tag:two', false],
    ['model:smol', true],
    ['device:cpu', false],
    ['starred', false],
    ['not starred', true],
    ['-starred', true],
    ['not not starred', false],
    ['-method:lamda', false],
    ['loss<2.6', true],
    ['loss<2.5', false],
    ['loss<=2.5', true],
    ['eval<9', false],
    ['-eval<9', true],
    ['rank>=16', true],
    ['rank=32', true],
    ['steps>100', true],
    ['step>100', true],
    ['trainable<200k', true],
    ['age<2d', true],
    ['age>2h', false],
    ['duration>30m', true],
    ['method:lamda loss<2.6 -tag:old', true],
    ['method:lamda loss<2', false],
    ['-', true],
  ])('%s is %s of a run', (query, expected) => {
    expect(holds(query, RUN)).toBe(expected);
  });

  it('means the best evaluation by the loss, where there is one', () => {
    expect(holds('loss<2.1', EVALUATED)).toBe(true);
    expect(holds('eval<2.1', EVALUATED)).toBe(true);
  });

  it.each([
    ['metod:lamda', 0, 11, 'Did you mean method?'],
    ['x tag:', 2, 6, 'what?'],
    ['x status:don', 2, 12, 'Did you mean done?'],
    ['loss<two', 0, 8, 'takes a number'],
    ['age<2', 0, 5, 'takes a span'],
    ['method<3', 0, 8, 'by a colon'],
    ['loss:3', 0, 6, 'is compared'],
    ['a "b', 2, 4, 'never closed'],
    ['a not', 2, 5, 'what must not be?'],
    ['c:\\models', 0, 9, 'in quotes'],
  ])('tells what is wrong with %s, and where', (query, start, end, message) => {
    const parsed = parseQuery(query);
    expect(parsed).toMatchObject({ problem: { start, end } });
    expect('problem' in parsed ? parsed.problem.message : '').toContain(message);
  });

  const text = fc.string({ minLength: 1, maxLength: 12 });
  const plain: fc.Arbitrary<Term> = fc.oneof(
    text.map((word): Term => ({ kind: 'word', text: word })),
    fc
      .record({ kind: fc.constant('text' as const), field: fc.constantFrom(...TEXT_FIELDS), text })
      .map((term): Term =>
        term.field === 'status'
          ? { ...term, text: STATUS_WORDS[term.text.length % STATUS_WORDS.length] ?? '' }
          : term,
      ),
    fc
      .record({
        kind: fc.constant('number' as const),
        field: fc.constantFrom(...NUMBER_FIELDS),
        operator: fc.constantFrom(...OPERATORS),
        value: fc.nat(),
      })
      .map((term): Term => (SPAN_FIELDS.includes(term.field) ? { ...term, value: term.value * 1000 } : term)),
    fc.constant<Term>({ kind: 'starred' }),
  );
  const term = fc
    .tuple(fc.nat(3), plain)
    .map(([depth, inner]) =>
      Array.from({ length: depth }).reduce<Term>((made) => ({ kind: 'not', term: made }), inner),
    );

  it('reads back whatever is written of terms', () => {
    fc.assert(
      fc.property(fc.array(term, { maxLength: 5 }), fc.boolean(), (terms, dashes) => {
        expect(termsOf(terms.map((one) => written(one, dashes)).join('  '))).toEqual(terms);
      }),
    );
  });

  it('never throws, and names a place within the text where it refuses', () => {
    const pieces = fc.constantFrom('loss', '<', ':', '"', 'not', '-', ' ', 'tag', '2', '\\', 'd', 'é', '=');
    fc.assert(
      fc.property(
        fc.array(pieces).map((parts) => parts.join('')),
        (query) => {
          const parsed = parseQuery(query);
          if (!('problem' in parsed)) return;
          const { start, end } = parsed.problem;
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(query.length);
        },
      ),
    );
  });

  it('holds of every run for a term or for its negation, and never for both', () => {
    fc.assert(
      fc.property(term, (one) => {
        expect(matches([one], RUN, NOW)).toBe(!matches([{ kind: 'not', term: one }], RUN, NOW));
      }),
    );
  });

  it('takes a field that is nearly one for a mistake, and says which is meant', () => {
    expect(parseQuery('los<2')).toMatchObject({
      problem: { message: expect.stringContaining('Did you mean loss?') as unknown, start: 0, end: 5 },
    });
  });
});

function written(term: Term, dashes: boolean): string {
  switch (term.kind) {
    case 'not':
      return `${dashes ? '-' : 'not '}${written(term.term, dashes)}`;
    case 'starred':
      return 'starred';
    case 'word':
      return quoted(term.text);
    case 'text':
      return `${term.field}:${quoted(term.text)}`;
    case 'number':
      return SPAN_FIELDS.includes(term.field)
        ? `${term.field}${term.operator}${term.value / 1000}s`
        : `${term.field}${term.operator}${term.value}`;
  }
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/gu, '\\$&')}"`;
}
