import type { AdaptedLayer } from '../../../engine/adapters/layer';
import { modulesOf } from '../../../engine/adapters/targets';
import { type Entry, entryAt, type Span, textsOf } from '../language/entries';

/** A place in an experiment that is about the spectra of layers. */
interface SpectraPlace {
  readonly span: Span;
  readonly layers: readonly AdaptedLayer[];
}

/** Which of the adapted layers a place in the text is about: the rank, a target module, a rank set by hand. */
export function spectraPlace(
  entries: readonly Entry[],
  offset: number,
  layers: readonly AdaptedLayer[],
): SpectraPlace | undefined {
  const entry = entryAt(entries, offset);
  if (entry === undefined) return undefined;
  const place = (span: Span, found: readonly AdaptedLayer[]): SpectraPlace | undefined =>
    found.length === 0 ? undefined : { span, layers: found };
  const path = entry.path.join('.');
  if (path === 'adapter.rank') return place(entry.keySpan, layers);
  if (path === 'adapter.target_modules') {
    const item =
      entry.kind === 'list'
        ? textsOf(entry).find(({ span }) => offset >= span.start && offset <= span.end)
        : undefined;
    return item === undefined ? place(entry.keySpan, layers) : place(item.span, modulesOf(item.text, layers));
  }
  const pinned = entry.path.length === 4 && path.startsWith('adapter.ranks.pinned.');
  return pinned ? place(entry.keySpan, modulesOf(entry.key, layers)) : undefined;
}
