import { describeFacts, type EigenloomError, InputErrors } from '../base/errors';
import { SECTION } from './ids';

/** How many characters of a notification are seen while it has no button: VS Code folds it to a single line then. */
const ONE_LINE = 60;

/** What a notification says of an error that is the user's to mend. */
export interface ErrorNotice {
  readonly text: string;
  /** The setting that the way out names, e.g. `eigenloom.runsFolder`. */
  readonly setting: string | undefined;
  /** True where the text is only read to its end when a button keeps the notification unfolded. */
  readonly long: boolean;
}

/**
 * The words of a notification: the first error alone and how many more there are, since it has no room for a list, and
 * its file as `shown` writes it, since a long path would push what is wrong out of sight.
 */
export function noticeOf(error: EigenloomError, shown: (file: string) => string): ErrorNotice {
  const { facts } = error;
  const { file } = facts;
  const sentence = describeFacts({ ...facts, file: file === undefined ? undefined : shown(file) });
  const more = error instanceof InputErrors ? error.errors.length - 1 : 0;
  const text =
    more === 0 ? sentence : `${sentence} (and ${more} more ${more === 1 ? 'problem' : 'problems'})`;
  const setting = new RegExp(String.raw`\b${SECTION}\.[a-zA-Z]+\b`, 'u').exec(facts.remedy ?? '')?.[0];
  return { text, setting, long: text.length > ONE_LINE };
}
