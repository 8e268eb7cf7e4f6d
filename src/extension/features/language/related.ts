import type { Analysis } from './analysis';
import type { Span } from './entries';
import { exclusiveSides } from './exclusive';
import type { Problem } from './problems';

/** Another place that a problem is about. */
export interface Related {
  readonly span: Span;
  readonly message: string;
}

/** The other keys of a pair that may not stand together. */
export function relatedTo(
  { code, path, span }: Problem,
  { entries }: Pick<Analysis, 'entries'>,
): readonly Related[] {
  if (code !== 'exclusive') return [];
  return exclusiveSides(path.join('.'), entries)
    .flat()
    .filter(({ keySpan }) => keySpan.start !== span.start)
    .map(({ keySpan, path: other }) => ({ span: keySpan, message: `${other.join('.')} stands here` }));
}
