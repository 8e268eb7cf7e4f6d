import type { ProgressNote } from '../context';
import type { TaskOutput } from './output';

/** What is done within this time (ms) is not worth a line. */
const PATIENCE = 1000;

/** Shows slow work as it goes, a line a second. */
export function progressNotes(output: TaskOutput): (note: ProgressNote) => void {
  let last = performance.now();
  return ({ what, fraction }) => {
    const now = performance.now();
    if (now - last < PATIENCE) return;
    last = now;
    output.note(fraction === undefined ? what : `${what}: ${Math.floor(fraction * 100)} %`);
  };
}
