import type { RunEvent } from '../../protocol/run/events';
import type { MetricLine } from '../../protocol/run/metrics';
import type { RunRecord } from '../../protocol/run/record';
import { formatEvaluation } from './format';
import { Pace } from './pace';
import { describeStep } from './plainView';
import type { Terminal } from './terminal';
import type { RunView } from './view';

/** Returns to the start of the line and clears it. */
const CLEAR = '\r\u001b[K';
const BAR_WIDTH = 24;

/** One line that is drawn again and again; evaluations, warnings and notes stay above it. */
export class BarView implements RunView {
  readonly #terminal: Terminal;
  readonly #pace = new Pace();
  #line = '';

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  start(folder: string): void {
    this.note(`run ${folder}`);
    this.#show('starting');
  }

  record(record: RunRecord): void {
    this.#pace.total = record.facts?.total_steps;
  }

  metric(_text: string, line: MetricLine): void {
    if (line.split === 'eval') {
      this.note(formatEvaluation(line));
      return;
    }
    this.#pace.add(line);
    const { total } = this.#pace;
    const text = describeStep(line, this.#pace);
    this.#show(total === undefined ? text : `${bar(line.step / total)} ${text}`);
  }

  event(event: RunEvent): void {
    if (event.kind === 'warning') this.note(`warning: ${event.text}`);
    if (event.kind === 'progress') {
      this.#show(event.fraction === undefined ? event.what : `${bar(event.fraction)} ${event.what}`);
    }
  }

  note(line: string): void {
    this.#terminal.draw(CLEAR);
    this.#terminal.note(line);
    this.#terminal.draw(this.#line);
  }

  close(): void {
    this.#line = '';
    this.#terminal.draw(CLEAR);
  }

  #show(text: string): void {
    // A line that wraps could not be cleared.
    this.#line = text.slice(0, Math.max(10, (this.#terminal.columns() ?? 80) - 1));
    this.#terminal.draw(CLEAR + this.#line);
  }
}

function bar(fraction: number): string {
  const share = Math.min(1, Math.max(0, fraction));
  const full = Math.round(share * BAR_WIDTH);
  return `[${'='.repeat(full)}${' '.repeat(BAR_WIDTH - full)}] ${String(Math.floor(share * 100)).padStart(3)} %`;
}
