import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import * as b from '../../../../../src/engine/graph/builder';
import { Graph } from '../../../../../src/engine/graph/graph';
import { encodeModel } from '../../../../../src/engine/graph/onnx/encode';
import { eliminateDead } from '../../../../../src/engine/graph/passes/eliminateDead';
import { executionOrder } from '../../../../../src/engine/graph/passes/executionOrder';
import { orderForMemory } from '../../../../../src/engine/graph/passes/orderForMemory';
import { recompute } from '../../../../../src/engine/graph/passes/recompute';
import type { HostTensor, Node, Value } from '../../../../../src/engine/graph/types';
import { SMALL, someFeeds, trainingGraph } from './training';

function toOrt({ dtype, shape, data }: HostTensor): ort.Tensor {
  if (data instanceof Float32Array) return new ort.Tensor('float32', data, [...shape]);
  if (data instanceof BigInt64Array) return new ort.Tensor('int64', data, [...shape]);
  if (data instanceof Int32Array) return new ort.Tensor('int32', data, [...shape]);
  throw new Error(`no feed is ${dtype}`);
}

/** Names of the nodes in the order in which onnxruntime ran them, by its own profile. */
async function profiledOrder(graph: Graph, feeds: Record<string, HostTensor>): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'eigenloom-order-'));
  try {
    const session = await ort.InferenceSession.create(encodeModel(graph), {
      graphOptimizationLevel: 'disabled',
      intraOpNumThreads: 1,
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
    });
    await session.run(Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, toOrt(feed)])));
    session.endProfiling();
    await session.release();
    const [file] = readdirSync(folder);
    const trace: unknown = JSON.parse(readFileSync(join(folder, file ?? ''), 'utf8'));
    if (!Array.isArray(trace)) throw new Error('the profile is no list');
    return trace
      .map((event: { name?: string; ts?: number }) => ({ name: event.name ?? '', ts: event.ts ?? 0 }))
      .filter(({ name }) => name.endsWith('_kernel_time'))
      .sort((a, c) => a.ts - c.ts)
      .map(({ name }) => name.replace(/_kernel_time$/, ''));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As the encoder calls them. */
const fileName = (node: Node): string => `${node.scope === '' ? 'graph' : node.scope}/${node.op}_${node.id}`;

/** Additions of earlier values at random; whatever nobody reads is an output, and some that is read too. */
function randomGraph(seed: number): Graph {
  let state = seed;
  const below = (limit: number): number => (state = (state * 48271) % 2147483647) % limit;
  const graph = new Graph();
  const values: Value[] = [graph.input('x', 'f32', [2]), graph.input('y', 'f32', [2])];
  const pick = (): Value => values[Math.max(0, values.length - 1 - below(8))] ?? graph.scalar(0);
  const read = new Set<Value>();
  for (let i = 0; i < 40; i++) {
    const [left, right] = [pick(), pick()];
    read.add(left).add(right);
    values.push(b.add(graph, left, right));
  }
  for (const value of values.slice(2)) if (!read.has(value) || below(10) === 0) graph.output(value);
  return graph;
}

describe('executionOrder', () => {
  it('is the order in which onnxruntime runs random graphs', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const graph = randomGraph(seed);
      const order = executionOrder(graph).map(fileName);
      expect(order).toHaveLength(graph.nodes.length);
      expect(await profiledOrder(graph, someFeeds(graph, {}))).toEqual(order);
      if (seed === 1) expect(order).not.toEqual(graph.nodes.map(fileName));
    }
  });

  it.each(['none', 'layers'] as const)('is the order of a training graph at level %s', async (level) => {
    const graph = trainingGraph();
    recompute(graph, level);
    eliminateDead(graph);
    orderForMemory(graph);
    const profiled = await profiledOrder(graph, someFeeds(graph, SMALL));
    expect(profiled).toEqual(executionOrder(graph).map(fileName));
  });
});

describe.each(['one', 'layers'] as const)('orderForMemory with accumulators: %s', (accumulators) => {
  const ordered = (): readonly Node[] => {
    const graph = trainingGraph({}, accumulators);
    recompute(graph, 'layers');
    eliminateDead(graph);
    orderForMemory(graph);
    return executionOrder(graph);
  };

  it('lets each layer be computed again just before its backward pass', () => {
    const layers = ordered()
      .filter(({ stage, scope }) => stage !== 'forward' && scope.startsWith('model.layers.'))
      .map(({ scope }) => Number(scope.split('.')[2]));
    expect(layers).toEqual([...layers].sort((a, c) => c - a));
  });

  it('computes the gradients of a layer before the next layer begins its backward pass', () => {
    const order = ordered();
    const last = order.findLastIndex(
      ({ stage, op, scope }) => stage === 'backward' && op === 'Gemm' && scope.includes('layers.1'),
    );
    const next = order.findIndex(({ stage, scope }) => stage !== 'forward' && scope.includes('layers.0'));
    expect(last).toBeLessThan(next);
  });
});
