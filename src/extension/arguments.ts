import { isRecord } from '../base/guards';

/** The run folders that a command was called with: of one tree item, or of all that are selected. */
export function foldersOf(args: readonly unknown[]): string[] {
  const [one, many] = args;
  const items: readonly unknown[] = Array.isArray(many) && many.length > 0 ? many : [one];
  return items.flatMap((item) => (isRecord(item) && typeof item.folder === 'string' ? [item.folder] : []));
}
