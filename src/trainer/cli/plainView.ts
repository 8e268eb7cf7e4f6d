import type { RunEvent } from '../../protocol/run/events';
import type { MetricLine } from '../../protocol/run/metrics';
import type { RunRecord } from '../../protocol/run/record';
import { formatEvaluation, formatNumber, formatSpan } from './format';
import { Pace } from './pace';
import type { Terminal } from './terminal';
import type { RunView } from './view';

/** Step lines are at least this far apart (ms): a log that is read later, not a display. */
const STEP_EVERY = 2000;

/** Plain lines, for logs and pipes. */
export class PlainView implements RunView {
  readonly #terminal: Terminal;
  readonly #pace = new Pace();
  #shown = -Infinity;
  #work = '';

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  start(folder: string): void {
    this.note(`run ${folder}`);
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
    const now = Date.now();
    if (now - this.#shown < STEP_EVERY && line.step !== this.#pace.total) return;
    this.#shown = now;
    this.note(describeStep(line, this.#pace));
  }

  event(event: RunEvent): void {
    if (event.kind === 'warning') this.note(`warning: ${event.text}`);
    if (event.kind === 'progress' && event.what !== this.#work) {
      this.#work = event.what;
      this.note(event.what);
    }
  }

  note(line: string): void {
    this.#terminal.note(line);
  }

  close(): void {
    // Every line stands already.
  }
}

/** `step 12/300  loss 1.234  lr 4.00e-4  512 tok/s  2:03 left`. */
export function describeStep(line: MetricLine & { split: 'train' }, pace: Pace): string {
  const left = pace.secondsLeft;
  return [
    `step ${line.step}${pace.total === undefined ? '' : `/${pace.total}`}`,
    `loss ${formatNumber(line.loss)}`,
    `lr ${formatNumber(line.learning_rate)}`,
    `${Math.round(pace.tokensPerSecond)} tok/s`,
    ...(left === undefined ? [] : [`${formatSpan(left)} left`]),
  ].join('  ');
}
