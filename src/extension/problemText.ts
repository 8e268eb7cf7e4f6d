import * as path from 'node:path';
import { describeFacts, type ErrorFacts } from '../base/errors';
import type { PanelProblem } from '../protocol/panels/subject';

/** What a panel says of an error: its sentence, and apart from it the place, which can be gone to. */
export function problemText(facts: ErrorFacts): PanelProblem {
  const { file, line, column } = facts;
  if (file === undefined || line === undefined) return { message: describeFacts(facts) };
  const message = describeFacts({ ...facts, file: undefined, line: undefined, column: undefined });
  return {
    message,
    place: `${path.basename(file)}, line ${line}${column === undefined ? '' : `, column ${column}`}`,
  };
}
