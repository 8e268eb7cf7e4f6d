import type { Static } from 'typebox';
import * as Type from 'typebox';
import { Check } from 'typebox/schema';
import { previewSchema } from '../inspector';
import { method, notice } from '../rpc';
import { problemSchema } from './subject';

/** All that the page shows. */
const tokensViewSchema = Type.Object({
  /** The experiment's file, for people; empty while none is open. */
  name: Type.String(),
  /** Its path, by which the panel comes back. */
  file: Type.String(),
  /** The row that the page begins with, and how many it has. */
  from: Type.Number(),
  count: Type.Number(),
  /** The tokens are on their way. */
  busy: Type.Boolean(),
  /** The last preview that could be made; it is of an earlier text where there is a problem. */
  preview: Type.Optional(previewSchema),
  problem: Type.Optional(problemSchema),
});
export type TokensView = Static<typeof tokensViewSchema>;

/** What the page is told. */
export const tokensPanelApi = { show: notice(tokensViewSchema) } as const;

/** What the page asks for. */
export const tokensHostApi = {
  ready: method([], tokensViewSchema),
  /** Shows the rows from one on. */
  goTo: notice(Type.Integer({ minimum: 0 })),
  /** Opens the place of the problem. */
  openProblem: notice(),
  /** Opens the data where a row stands, by its number. */
  openRow: notice(Type.Integer({ minimum: 0 })),
} as const;

/** What the page writes down to come back as it was. */
const savedTokensSchema = Type.Object({
  file: Type.String(),
  from: Type.Integer({ minimum: 0 }),
  ids: Type.Boolean(),
});
type SavedTokens = Static<typeof savedTokensSchema>;

/** What a page wrote down; undefined where it is nothing, or of another version. */
export function decodeSavedTokens(value: unknown): SavedTokens | undefined {
  return Check(savedTokensSchema, value) ? value : undefined;
}
