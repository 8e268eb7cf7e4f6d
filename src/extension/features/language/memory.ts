import type { MemoryEstimate, MemoryWay } from '../../../protocol/inspector';
import { bytesText } from '../inline/texts';
import type { Analysis } from './analysis';
import { type Entry, entryOf, type Span } from './entries';
import type { Problem, Way } from './problems';
import type { KeyChange } from './setKeys';

/** A run that is predicted to take more memory than is free, where the file says what decides it. */
export function memoryProblem(
  { entries }: Pick<Analysis, 'entries'>,
  estimate: MemoryEstimate,
): Problem | undefined {
  const { predicted_mb: peak, available_mb: free, ways } = estimate;
  const place = placeOf(entries);
  if (peak <= free || place === undefined) return undefined;
  const remedy =
    ways.length > 0
      ? 'Let more be computed again, or take fewer rows at a time.'
      : 'Lower data.max_length or the rank, take a smaller model, or close other programs.';
  return {
    span: place.span,
    severity: 'warning',
    message: `This run is predicted to take ${bytesText(1e6 * peak)} of memory, and ${bytesText(1e6 * free)} are free. ${remedy}`,
    code: 'too-much-memory',
    path: place.path,
    meant: undefined,
    unnecessary: false,
    ways: ways.map(wayOf),
  };
}

/** What is said of recomputation, else of the batches, else the model. */
function placeOf(entries: readonly Entry[]): { span: Span; path: readonly string[] } | undefined {
  for (const path of [['memory', 'recompute'], ['memory'], ['training', 'batch_size'], ['model']]) {
    const entry = entryOf(entries, path);
    if (entry !== undefined)
      return { span: path.length > 1 ? (entry.valueSpan ?? entry.keySpan) : entry.keySpan, path };
  }
  return undefined;
}

function wayOf({ recompute, batch_size, gradient_accumulation, predicted_mb }: MemoryWay): Way {
  const values: readonly (readonly [string, string, string | number | undefined])[] = [
    ['memory', 'recompute', recompute],
    ['training', 'batch_size', batch_size],
    ['training', 'gradient_accumulation', gradient_accumulation],
  ];
  const changes: KeyChange[] = [];
  const words: string[] = [];
  for (const [section, key, value] of values) {
    if (value === undefined) continue;
    changes.push({ path: [section, key], value: String(value) });
    words.push(`${section}.${key} to ${value}`);
  }
  const last = words.pop() ?? '';
  const list = words.length === 0 ? last : `${words.join(', ')} and ${last}`;
  return { title: `Set ${list} (about ${bytesText(1e6 * predicted_mb)})`, changes };
}
