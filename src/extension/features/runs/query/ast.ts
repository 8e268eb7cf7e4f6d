/** The texts of a run that a query asks for by name. */
export const TEXT_FIELDS = ['method', 'status', 'tag', 'model', 'device', 'experiment', 'note'] as const;
export type TextField = (typeof TEXT_FIELDS)[number];

/** The figures of a run that a query compares. */
export const NUMBER_FIELDS = ['loss', 'eval', 'rank', 'steps', 'trainable', 'age', 'duration'] as const;
export type NumberField = (typeof NUMBER_FIELDS)[number];

/** The figures that are spans of time, in milliseconds once read. */
export const SPAN_FIELDS: readonly NumberField[] = ['age', 'duration'];

export const OPERATORS = ['<=', '>=', '<', '>', '='] as const;
export type Operator = (typeof OPERATORS)[number];

/** One condition of a query; all of them have to hold. */
export type Term =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'text'; readonly field: TextField; readonly text: string }
  | {
      readonly kind: 'number';
      readonly field: NumberField;
      readonly operator: Operator;
      readonly value: number;
    }
  | { readonly kind: 'starred' }
  | { readonly kind: 'not'; readonly term: Term };

/** What is wrong with a query, and where: offsets into its text. */
export interface QueryProblem {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

/** A query that was read: its terms, or the first thing that is wrong. */
export type ParsedQuery = { readonly terms: readonly Term[] } | { readonly problem: QueryProblem };
