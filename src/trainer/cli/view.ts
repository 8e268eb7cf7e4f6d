import type { RunEvent } from '../../protocol/run/events';
import type { MetricLine } from '../../protocol/run/metrics';
import type { RunRecord } from '../../protocol/run/record';
import { PlainView } from './plainView';
import type { Terminal } from './terminal';
import { BarView } from './barView';

/** Shows a run while it is at work. */
export interface RunView {
  /** The run is there, at this path; its trainer starts. */
  start(folder: string): void;
  /** `run.json` has changed. */
  record(record: RunRecord): void;
  /** A new line of `metrics.jsonl`: the text, and what it says. */
  metric(text: string, line: MetricLine): void;
  event(event: RunEvent): void;
  /** A line for a person. */
  note(line: string): void;
  /** Nothing more comes. */
  close(): void;
}

/** The view that suits the terminal: JSON lines where asked for, a bar on a terminal, else plain lines. */
export function makeView(terminal: Terminal, json: boolean): RunView {
  if (json) return jsonView(terminal);
  return terminal.columns() === undefined ? new PlainView(terminal) : new BarView(terminal);
}

/** The lines of `metrics.jsonl` as they are, after one that names the run; the command itself prints the last. */
function jsonView(terminal: Terminal): RunView {
  return {
    start: (folder) => terminal.print(JSON.stringify({ run: folder })),
    record: () => undefined,
    metric: (text) => terminal.print(text),
    event: (event) => {
      if (event.kind === 'warning') terminal.note(`warning: ${event.text}`);
    },
    note: (line) => terminal.note(line),
    close: () => undefined,
  };
}
