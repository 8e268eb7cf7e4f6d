import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Breath } from '../../../../src/runs/breath';
import { csvText } from '../../../../src/extension/features/curves/csv';
import { buildFrame } from '../../../../src/extension/features/curves/frame';
import { decodeNumbers } from '../../../../src/extension/features/curves/metricLine';
import { MetricsTail } from '../../../../src/extension/features/curves/metricsTail';
import { RunFeed } from '../../../../src/extension/features/curves/runFeed';
import { RunTables } from '../../../../src/extension/features/curves/runTables';
import type { Look } from '../../../../src/protocol/panels/curves';

const LOOK: Look = { id: 0, x: 'step', logX: false, range: null, smoothing: 0, hidden: [] };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eigenloom-curves-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const train = (step: number, loss: number, more: object = {}): string =>
  `${JSON.stringify({ step, split: 'train', loss, input_tokens: 100, seconds: 2, ...more })}\n`;
const evaluation = (step: number, loss: number): string =>
  `${JSON.stringify({ step, split: 'eval', loss, perplexity: Math.exp(loss) })}\n`;

function tablesOf(text: string): RunTables {
  const tables = new RunTables();
  for (const line of text.split('\n')) {
    const numbers = decodeNumbers(line);
    if (numbers !== undefined) tables.append(numbers);
  }
  return tables;
}

async function drain(tail: MetricsTail): Promise<string[]> {
  const heard: string[] = [];
  for await (const event of tail.read()) {
    heard.push(...(event.kind === 'restarted' ? ['restarted'] : event.lines));
  }
  return heard;
}

describe('a metric line', () => {
  it('keeps every number it has, known or not', () => {
    const found = decodeNumbers('{"step":3,"split":"train","loss":2,"router_entropy":0.5,"note":"x"}');
    expect(found?.step).toBe(3);
    expect([...(found?.values ?? [])]).toEqual([
      ['loss', 2],
      ['router_entropy', 0.5],
    ]);
  });

  it.each(['', '{"step":1', '[1]', 'null', '{"step":"1","split":"train"}', '{"step":1,"split":"test"}'])(
    'is not %j',
    (text) => {
      expect(decodeNumbers(text)).toBeUndefined();
    },
  );
});

describe('a tail', () => {
  it('waits for a torn line, and reads on where it was', async () => {
    const file = join(folder, 'lines');
    const tail = new MetricsTail(file);
    expect(await drain(tail)).toEqual([]);
    writeFileSync(file, 'one\ntwo\nthr');
    expect(await drain(tail)).toEqual(['one', 'two']);
    appendFileSync(file, 'ee\n');
    expect(await drain(tail)).toEqual(['three']);
  });

  it('reads anew what was cut back, replaced or taken away', async () => {
    const file = join(folder, 'lines');
    const tail = new MetricsTail(file);
    writeFileSync(file, 'one\ntwo\nthree\n');
    await drain(tail);
    truncateSync(file, 4);
    expect(await drain(tail)).toEqual(['restarted', 'one']);
    writeFileSync(join(folder, 'next'), 'one\nother\nlonger than before\n');
    renameSync(join(folder, 'next'), file);
    expect(await drain(tail)).toEqual(['restarted', 'one', 'other', 'longer than before']);
    rmSync(file);
    expect(await drain(tail)).toEqual(['restarted']);
  });

  it('reads lines that are longer than a piece, and never breaks a character', async () => {
    const file = join(folder, 'lines');
    const long = 'ü'.repeat(100_000);
    writeFileSync(file, `${long}\nshort\n`);
    expect(await drain(new MetricsTail(file))).toEqual([long, 'short']);
  });
});

describe('the tables of a run', () => {
  it('count tokens and time, and place evaluations where the training had come to', () => {
    const tables = tablesOf(
      evaluation(0, 4) + train(1, 3) + train(2, 2.5) + evaluation(2, 2.6) + train(3, 2),
    );
    expect([...tables.train.axes.tokens.values]).toEqual([100, 200, 300]);
    expect([...tables.train.axes.seconds.values]).toEqual([2, 4, 6]);
    expect([...tables.eval.axes.tokens.values]).toEqual([0, 200]);
    expect([...(tables.train.metric('tokens_per_second')?.column.values ?? [])]).toEqual([50, 50, 50]);
    expect(tables.place(2, 'seconds')).toBe(4);
    expect(tables.extent('step')).toEqual([0, 3]);
  });

  it('drop the steps that come again', () => {
    const tables = tablesOf(
      train(1, 3) +
        train(2, 2) +
        evaluation(2, 2.2) +
        train(3, 1) +
        evaluation(3, 1.1) +
        train(3, 1.5) +
        train(4, 1.4),
    );
    expect([...tables.train.axes.step.values]).toEqual([1, 2, 3, 4]);
    expect([...tables.eval.axes.step.values]).toEqual([2]);
    const loss = tables.train.metric('loss');
    expect(loss?.column.at(loss.lowest)).toBe(1.4);
    expect(tables.train.axes.tokens.at(3)).toBe(400);
  });

  it('let a metric begin late', () => {
    const tables = tablesOf(train(1, 3) + train(2, 2, { extra: 7 }));
    expect([...(tables.train.metric('extra')?.column.values ?? [])]).toEqual([NaN, 7]);
  });
});

describe('a frame', () => {
  const text =
    Array.from({ length: 40 }, (_, index) =>
      train(index + 1, 4 - index / 20 + (index % 2), { trainable: 90 - index }),
    ).join('') + evaluation(40, 2);

  it('has the ends, the extremes and the phases of each metric on the axis that is asked for', async () => {
    const frame = await buildFrame(
      'run',
      tablesOf(text),
      [
        { name: 'all', from_step: 0, trainable: 90 },
        { name: 'core', from_step: 20, trainable: 10 },
      ],
      { ...LOOK, x: 'tokens' },
      new Breath(),
    );
    expect(frame.extent).toEqual([100, 4000]);
    expect(frame.phases).toEqual([
      { name: 'all', from: 0, trainable: 90 },
      { name: 'core', from: 2000, trainable: 10 },
    ]);
    const loss = frame.series.find(({ metric, split }) => metric === 'loss' && split === 'train');
    expect(loss?.count).toBe(40);
    expect(loss?.last).toEqual({ x: 4000, y: 4 - 39 / 20 + 1, step: 40 });
    expect(loss?.lowest.step).toBe(39);
    expect(loss?.xs).toHaveLength(40);
  });

  it('smooths what is measured, not what is set, and sends no points of what is hidden', async () => {
    const look = { ...LOOK, smoothing: 0.9, hidden: ['seconds'] };
    const frame = await buildFrame('run', tablesOf(text), undefined, look, new Breath());
    const of = (metric: string, split = 'train') =>
      frame.series.find((one) => one.metric === metric && one.split === split);
    const spread = (ys: Float64Array | undefined): number =>
      Math.abs((ys?.at(-1) ?? NaN) - (ys?.at(-2) ?? NaN));
    expect(spread(of('loss')?.smooth?.ys)).toBeLessThan(spread(of('loss')?.ys) / 3);
    expect(of('trainable')?.smooth).toBeUndefined();
    expect(of('loss', 'eval')?.smooth).toBeUndefined();
    expect(of('seconds')?.xs).toHaveLength(0);
    expect(of('seconds')?.last.y).toBe(2);
  });
});

describe('a feed', () => {
  it('follows a run that is resumed from before its last step', async () => {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'metrics.jsonl');
    writeFileSync(file, train(1, 3) + train(2, 2) + train(3, 9));
    const feed = new RunFeed(folder);
    expect(await feed.poll()).toBe(true);
    expect(feed.state).toMatchObject({ step: 3, loss: 9, read: 1 });
    expect(await feed.poll()).toBe(false);
    writeFileSync(join(folder, 'next'), train(1, 3) + train(2, 2) + train(3, 1) + train(4, 0.5));
    renameSync(join(folder, 'next'), file);
    expect(await feed.poll()).toBe(true);
    expect([...(feed.tables.train.metric('loss')?.column.values ?? [])]).toEqual([3, 2, 1, 0.5]);
  });

  it('keeps what it knew of a record that is broken for a moment', async () => {
    const feed = new RunFeed(folder);
    writeFileSync(join(folder, 'run.json'), '{"formatVersion":1,');
    await feed.poll();
    expect(feed.record).toBeUndefined();
  });
});

describe('a CSV file', () => {
  it('has a row for each step and a column for each run and metric, quoted where it must be', async () => {
    const runs = [
      { name: 'a, "b"', tables: tablesOf(train(1, 3) + train(2, 2)) },
      { name: 'c', tables: tablesOf(evaluation(0, 5) + train(2, 1.5)) },
    ];
    const look = { ...LOOK, hidden: ['input_tokens', 'seconds', 'tokens_per_second', 'perplexity'] };
    expect(await csvText(runs, look, new Breath())).toBe(
      ['step,"a, ""b"": train loss",c: train loss,c: eval loss', '0,,,5', '1,3,,', '2,2,1.5,', ''].join(
        '\r\n',
      ),
    );
  });

  it('keeps to the range', async () => {
    const tables = tablesOf(train(1, 3) + train(2, 2) + train(3, 1));
    const runs = [
      { name: 'a', tables },
      { name: 'b', tables: tablesOf(train(2, 7)) },
    ];
    const look: Look = { ...LOOK, range: [2, 2.5], hidden: ['input_tokens', 'seconds', 'tokens_per_second'] };
    expect(await csvText(runs, look, new Breath())).toBe('step,a: train loss,b: train loss\r\n2,2,7\r\n');
  });
});
