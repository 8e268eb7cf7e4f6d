import { type ErrorFacts, InputErrors, EigenloomError, describeFacts } from '../../base/errors';
import type { Finding } from '../../protocol/inspector';

/** Collects what is worth telling before a run, each with the place it is about. */
export class Findings {
  readonly list: Finding[] = [];

  info(message: string): void {
    this.list.push({ severity: 'info', message });
  }

  warn(message: string): void {
    this.list.push({ severity: 'warning', message });
  }

  /** What in the experiment has no effect. */
  warnOf(facts: ErrorFacts): void {
    this.list.push(findingOf('warning', facts));
  }

  /** Takes up what a step threw, and whether it did; throws on what is a fault of ours. */
  async attempt<T>(step: () => Promise<T> | T): Promise<T | undefined> {
    try {
      return await step();
    } catch (thrown) {
      if (!(thrown instanceof EigenloomError) || thrown.kind === 'bug') throw thrown;
      const errors: readonly EigenloomError[] = thrown instanceof InputErrors ? thrown.errors : [thrown];
      this.list.push(...errors.map(({ facts }) => findingOf('error', facts)));
      return undefined;
    }
  }
}

/** The place goes beside the sentence, where a tool makes a link of it. */
function findingOf(severity: Finding['severity'], facts: ErrorFacts): Finding {
  const { file, line, column } = facts;
  if (file === undefined || line === undefined) return { severity, message: describeFacts(facts) };
  return {
    severity,
    message: describeFacts({ ...facts, file: undefined, line: undefined, column: undefined }),
    file,
    line,
    ...(column === undefined ? {} : { column }),
  };
}
