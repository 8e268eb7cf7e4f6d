import { isRecord } from '../base/guards';

/** One key in which two values differ; undefined where one has no such key. */
export interface Difference {
  readonly key: string;
  readonly a: unknown;
  readonly b: unknown;
}

/** The keys, as dotted paths, in which two nested values differ; lists are compared whole. */
export function differences(a: unknown, b: unknown, prefix = ''): Difference[] {
  if (isRecord(a) && isRecord(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => differences(a[key], b[key], prefix === '' ? key : `${prefix}.${key}`));
  }
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [{ key: prefix, a, b }];
}
