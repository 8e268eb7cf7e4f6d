import type { Fix } from '../../../../src/extension/features/language/fixes';

/** The text after a fix: its edits from the last to the first, as an editor applies them. */
export function applied(text: string, { edits }: Fix): string {
  return [...edits]
    .sort((a, b) => b.start - a.start)
    .reduce((after, { start, end, text: put, snippet }) => {
      const words =
        snippet === true
          ? put
              .replaceAll(/\$\{\d+:((?:[^}\\]|\\.)*)\}/gu, '$1')
              .replaceAll(/(?<!\\)\$\d/gu, '')
              .replaceAll(/\\([\\$}])/gu, '$1')
          : put;
      return after.slice(0, start) + words + after.slice(end);
    }, text);
}
