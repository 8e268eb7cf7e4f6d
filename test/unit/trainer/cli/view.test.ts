import { describe, expect, it } from 'vitest';
import type { MetricLine } from '../../../../src/protocol/run/metrics';
import { formatNumber, formatSpan, formatTable } from '../../../../src/trainer/cli/format';
import type { Terminal } from '../../../../src/trainer/cli/terminal';
import { makeView } from '../../../../src/trainer/cli/view';
import type { RunRecord } from '../../../../src/protocol/run/record';

function fakeTerminal(columns?: number): { terminal: Terminal; out: string[]; err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  return {
    out,
    err,
    terminal: {
      print: (line) => out.push(line),
      note: (line) => err.push(`${line}\n`),
      draw: (text) => err.push(text),
      columns: () => columns,
    },
  };
}

const RECORD: RunRecord = {
  formatVersion: 1,
  id: 'x',
  name: 'x',
  status: 'running',
  created: '2026-01-01T00:00:00.000Z',
  config: {},
  source: { file: 'x', overrides: [] },
  seed: 1,
  facts: { total_steps: 4 },
};

function step(n: number): MetricLine {
  return {
    step: n,
    split: 'train',
    loss: 1.23456,
    learning_rate: 4e-4,
    grad_norm: 1,
    tokens: 50,
    input_tokens: 100,
    trainable: 1,
    seconds: 30,
    rss_mb: 1,
  };
}

/** What a terminal shows in the end: a carriage return goes to the start of the line, an escape clears it. */
function screen(text: string): string[] {
  return text.split('\n').map((line) => line.split('\r\u001b[K').at(-1) ?? '');
}

describe('the bar', () => {
  it('stays on one line, below evaluations and warnings', () => {
    const { terminal, out, err } = fakeTerminal(100);
    const view = makeView(terminal, false);
    view.start('runs/x');
    view.event({ time: '', kind: 'progress', what: 'converting weights', fraction: 0.4 });
    expect(screen(err.join(''))[1]).toMatch(/^\[=+ +\] +40 % converting weights$/u);
    view.record(RECORD);
    view.metric('', step(1));
    view.metric('', { step: 1, split: 'eval', loss: 1, perplexity: Math.E });
    view.event({ time: '', kind: 'warning', text: 'two rows dropped' });
    view.metric('', step(2));
    expect(screen(err.join(''))).toEqual([
      'run runs/x',
      'step 1: evaluation loss 1, perplexity 2.718',
      'warning: two rows dropped',
      '[============            ]  50 % step 2/4  loss 1.235  lr 4.00e-4  3 tok/s  1:00 left',
    ]);
    view.close();
    expect(screen(err.join('')).at(-1)).toBe('');
    expect(out).toEqual([]);
  });

  it('is cut to the terminal, since a line that wraps could not be cleared', () => {
    const { terminal, err } = fakeTerminal(20);
    const view = makeView(terminal, false);
    view.record(RECORD);
    view.metric('', step(3));
    expect(screen(err.join('')).at(-1)).toHaveLength(19);
  });
});

it('plain lines tell each piece of work once, and the last step always', () => {
  const { terminal, out, err } = fakeTerminal();
  const view = makeView(terminal, false);
  view.start('runs/x');
  view.record(RECORD);
  for (const fraction of [0.1, 0.2]) view.event({ time: '', kind: 'progress', what: 'loading', fraction });
  for (const n of [1, 2, 3, 4]) view.metric('', step(n));
  view.close();
  expect(err.join('')).toBe(
    'run runs/x\nloading\nstep 1/4  loss 1.235  lr 4.00e-4  3 tok/s  1:30 left\n' +
      'step 4/4  loss 1.235  lr 4.00e-4  3 tok/s  0:00 left\n',
  );
  expect(out).toEqual([]);
});

it('JSON lines are the metric lines as they are', () => {
  const { terminal, out } = fakeTerminal();
  const view = makeView(terminal, true);
  view.start('runs/x');
  view.metric('{"step":1, "as":"it was"}', step(1));
  expect(out).toEqual(['{"run":"runs/x"}', '{"step":1, "as":"it was"}']);
});

it('numbers, spans and tables are short', () => {
  expect([0, 1.23456, 4e-4, 123456789, -2.5].map(formatNumber)).toEqual([
    '0',
    '1.235',
    '4.00e-4',
    '1.23e+8',
    '-2.5',
  ]);
  expect([-1, 59.6, 61, 3723].map(formatSpan)).toEqual(['0:00', '1:00', '1:01', '1:02:03']);
  expect(
    formatTable([
      ['a', 'bcd'],
      ['efg', 'h'],
    ]),
  ).toEqual(['a    bcd', 'efg  h']);
});
