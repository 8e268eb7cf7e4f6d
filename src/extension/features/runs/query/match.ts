import { assertNever } from '../../../../base/errors';
import { isActive, type RunSummary } from '../../../../runs/survey/summary';
import type { NumberField, Operator, Term, TextField } from './ast';

/** True where a run fulfils every term. `now` is in milliseconds since 1970. */
export function matches(terms: readonly Term[], run: RunSummary, now: number): boolean {
  return terms.every((term) => holds(term, run, now));
}

function holds(term: Term, run: RunSummary, now: number): boolean {
  switch (term.kind) {
    case 'not':
      return !holds(term.term, run, now);
    case 'starred':
      return run.starred;
    case 'word':
      return [run.label, run.experiment, run.model, run.id, run.note, ...run.tags].some((text) =>
        contains(text, term.text),
      );
    case 'text':
      return hasText(term.field, term.text, run);
    case 'number': {
      const value = numberOf(term.field, run, now);
      return value !== undefined && compare(value, term.operator, term.value);
    }
    default:
      return assertNever(term);
  }
}

function hasText(field: TextField, text: string, run: RunSummary): boolean {
  switch (field) {
    case 'method':
      return same(run.method, text);
    case 'status':
      return text.toLowerCase() === 'active' ? isActive(run) : same(run.status ?? '', text);
    case 'tag':
      return run.tags.some((tag) => same(tag, text));
    case 'device':
      return same(run.device ?? '', text);
    case 'model':
      return contains(run.model, text);
    case 'experiment':
      return contains(run.experiment, text);
    case 'note':
      return contains(run.note, text);
    default:
      return assertNever(field);
  }
}

/** A figure of a run; undefined where it has none. */
export function numberOf(field: NumberField, run: RunSummary, now: number): number | undefined {
  switch (field) {
    case 'loss':
      return run.bestEval?.loss ?? run.loss;
    case 'eval':
      return run.bestEval?.loss;
    case 'rank':
      return run.rank;
    case 'steps':
      return run.step;
    case 'trainable':
      return run.trainable;
    case 'age':
      return now - run.created;
    case 'duration':
      return durationOf(run, now);
    default:
      return assertNever(field);
  }
}

/** How long a run has trained, from its first start to its end, in milliseconds; undefined before it began. */
export function durationOf(run: RunSummary, now: number): number | undefined {
  if (run.started === undefined) return undefined;
  const end = isActive(run) ? now : run.ended;
  return end === undefined ? undefined : Math.max(0, end - run.started);
}

function compare(value: number, operator: Operator, to: number): boolean {
  switch (operator) {
    case '<':
      return value < to;
    case '<=':
      return value <= to;
    case '>':
      return value > to;
    case '>=':
      return value >= to;
    case '=':
      return value === to;
    default:
      return assertNever(operator);
  }
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function contains(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}
