import type { Problem } from './problems';

/**
 * Problems of an earlier version of a text, where they stand in a later one: those before what was changed stay, those
 * after it move along, and those that it touched are dropped until they are looked for anew.
 */
export function carryOver(problems: readonly Problem[], before: string, after: string): readonly Problem[] {
  if (before === after || problems.length === 0) return problems;
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before.charCodeAt(head) === after.charCodeAt(head)) head++;
  let tail = 0;
  while (
    tail < most - head &&
    before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)
  ) {
    tail++;
  }
  const moved = after.length - before.length;
  return problems.flatMap((problem) => {
    const { start, end } = problem.span;
    if (end <= head) return [problem];
    if (start < before.length - tail) return [];
    return [{ ...problem, span: { start: start + moved, end: end + moved } }];
  });
}
