import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as b from '../../../../../src/engine/graph/builder';
import { Graph } from '../../../../../src/engine/graph/graph';
import { encodeModel } from '../../../../../src/engine/graph/onnx/encode';
import { arenaBytes } from '../../../../../src/engine/graph/passes/arena';
import { bufferLabels } from '../../../../../src/engine/graph/passes/buffers';
import { liveSet } from '../../../../../src/engine/graph/passes/liveSet';

const MB = 2 ** 20;

describe('liveSet', () => {
  it('frees a value after its last reader', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['N']);
    const [two, four] = [b.add(g, x, x)].map((value) => [value, b.add(g, value, value)]).flat();
    if (two === undefined || four === undefined) throw new Error('two values');
    g.output(b.add(g, four, four));
    const { timeline, peakBytes, inputBytes } = liveSet(g, { N: 1000 });
    expect(timeline.map(({ bytes }) => bytes)).toEqual([4000, 8000, 8000]);
    expect(peakBytes).toBe(8000);
    expect(inputBytes).toBe(4000);
  });

  it('lets views and in-place operators share, but not where the input is read later or is the caller’s', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['N', 2]);
    const mine = b.mul(g, x, x);
    const inPlace = g.add('Sigmoid', [b.reshape(g, mine, [2, 'N'])], {});
    const other = g.add('Sigmoid', [x], {});
    const again = g.add('Sigmoid', [other], {});
    g.output(b.add(g, b.reshape(g, inPlace, ['N', 2]), b.mul(g, again, other)));
    // other; again beside it; their product beside both; then mine and the sum beside the product alone.
    const bytes = liveSet(g, { N: 1 }).timeline.map((moment) => moment.bytes);
    expect(bytes).toEqual([8, 16, 24, 16, 16, 16, 16, 24]);
  });

  it('keeps graph outputs to the end', () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['N']);
    const first = b.mul(g, x, x);
    g.output(first);
    g.output(b.mul(g, b.mul(g, first, x), x));
    expect(liveSet(g, { N: 10 }).timeline.map(({ bytes }) => bytes)).toEqual([40, 80, 120]);
  });
});

/** A chain in which much is kept, with more that comes and goes in sizes of its own. */
function stack(layers: number): Graph {
  const g = new Graph();
  let x = g.input('x', 'f32', ['N', 64]);
  const kept = [x];
  for (let i = 0; i < layers; i++) {
    const wide = b.concat(g, [x, x, x, x], 1);
    const active = b.mul(g, wide, g.add('Sigmoid', [wide], {}));
    x = b.add(g, x, b.slice(g, active, 1, 64, 128));
    kept.push(x);
  }
  // What holds the dead buffers of the layers for later would have them beside this.
  const head = b.concat(g, new Array(10).fill(x), 1);
  x = b.add(g, b.slice(g, head, 1, 0, 64), b.slice(g, head, 1, 576, 640));
  for (const value of kept) x = b.mul(g, g.add('Softmax', [x], { axis: -1 }), value);
  g.output(b.reduceSum(g, x, [0, 1], false));
  return g;
}

/** Runs a model once in a process of its own, which prints by how many bytes the run raised its peak. */
const CHILD = `
const [, , model, rows, arena] = process.argv;
const ort = require(${JSON.stringify(createRequire(import.meta.url).resolve('onnxruntime-node'))});
const fs = require('node:fs');
(async () => {
  const session = await ort.InferenceSession.create(fs.readFileSync(model), {
    graphOptimizationLevel: 'disabled', enableMemPattern: false, enableCpuMemArena: arena === 'true', intraOpNumThreads: 1,
    extra: { session: { disable_prepacking: '1' } },
  });
  const feed = (rows) => ({ x: new ort.Tensor('float32', new Float32Array(rows * 64).fill(0.01), [rows, 64]) });
  await session.run(feed(1)); // what a run needs whatever its size
  const feeds = feed(Number(rows));
  const before = process.memoryUsage.rss();
  await session.run(feeds);
  process.stdout.write(String(process.resourceUsage().maxRSS * 1024 - before));
})();
`;

/** Bytes by which onnxruntime's run of the graph raised its process's peak. */
function measure(graph: Graph, rows: number, arena: boolean): number {
  const folder = mkdtempSync(join(tmpdir(), 'eigenloom-memory-'));
  try {
    const [model, child] = [join(folder, 'model.onnx'), join(folder, 'child.cjs')];
    writeFileSync(model, encodeModel(graph, { labels: bufferLabels(graph) }));
    writeFileSync(child, CHILD);
    return Number(
      execFileSync(process.execPath, [child, model, String(rows), String(arena)], {
        encoding: 'utf8',
        // Lets glibc give each buffer back as soon as it is freed; other systems do so anyway.
        env: { ...process.env, MALLOC_MMAP_THRESHOLD_: '1048576' },
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the prediction', () => {
  const rows = 32768;
  const most = process.platform === 'linux' ? 1.05 : 1.5;

  it('holds against the resident memory of onnxruntime without its arena', () => {
    const graph = stack(12);
    const predicted = liveSet(graph, { N: rows }).peakBytes;
    const measured = measure(graph, rows, false);
    expect(predicted).toBe(192 * MB);
    expect(measured / predicted).toBeGreaterThan(0.97);
    expect(measured / predicted).toBeLessThan(most);
  });

  it('holds against it with the arena, which keeps holes between buffers', () => {
    const graph = stack(12);
    const predicted = arenaBytes(graph, { N: rows });
    const measured = measure(graph, rows, true);
    expect(predicted).toBeGreaterThan(192 * MB);
    expect(measured / predicted).toBeGreaterThan(0.97);
    expect(measured / predicted).toBeLessThan(most);
  });
});
