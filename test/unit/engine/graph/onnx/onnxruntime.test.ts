import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import * as b from '../../../../../src/engine/graph/builder';
import { checkGraph } from '../../../../../src/engine/graph/check';
import { Graph } from '../../../../../src/engine/graph/graph';
import { encodeModel } from '../../../../../src/engine/graph/onnx/encode';
import { everyOperator, f32, i64 } from '../sample';

type Feeds = Readonly<Record<string, ort.Tensor>>;

function floats(shape: readonly number[], values: readonly number[]): ort.Tensor {
  return new ort.Tensor('float32', Float32Array.from(values), shape);
}

function indices(shape: readonly number[], values: readonly number[]): ort.Tensor {
  return new ort.Tensor('int64', BigInt64Array.from(values, BigInt), shape);
}

/** Runs a graph's bytes on the CPU provider, unoptimised, and gives each output's shape and rounded numbers. */
async function run(
  graph: Graph,
  feeds: Feeds,
): Promise<Record<string, readonly [readonly number[], number[]]>> {
  checkGraph(graph);
  const session = await ort.InferenceSession.create(encodeModel(graph), {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'disabled',
    enableMemPattern: false,
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  try {
    const results = await session.run(feeds);
    return Object.fromEntries(
      graph.outputs.map(({ name }) => {
        const tensor = results[name];
        if (tensor === undefined) throw new Error(`no output ${name}`);
        const values = Array.from(
          tensor.data as ArrayLike<number | bigint>,
          (x) => Math.round(Number(x) * 1e5) / 1e5,
        );
        return [name, [tensor.dims, values] as const];
      }),
    );
  } finally {
    await session.release();
  }
}

describe('encoded graphs in onnxruntime', () => {
  it('compute matrix products, norms, rotation and activation as by hand', async () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['N', 2]);
    const w = g.constant('w', f32([3, 2], [1, 0, 0, 1, 1, 1]));
    const c = g.constant('c', f32([3], [10, 20, 30]));
    g.output(b.gemm(g, x, w, { transB: true, alpha: 2, c, name: 'gemm' }));
    g.output(b.rmsNorm(g, x, g.constant('scale', f32([2], [1, 2])), 0, 'norm'));
    g.output(g.add('QuickGelu', [x], { alpha: 1 }, { name: 'silu' }));
    const states = b.reshape(g, b.concat(g, [x, x], 1), ['N', 1, 4]);
    const positions = g.input('positions', 'i64', ['N', 1]);
    const cos = g.input('cos', 'f32', ['P', 1]);
    const sin = g.input('sin', 'f32', ['P', 1]);
    g.output(b.rotary(g, states, positions, cos, sin, 2, 'rotary'));
    const batch = b.reshape(g, x, [1, 'N', 2]);
    g.output(g.add('FusedMatMul', [batch, batch], { transA: true, alpha: 0.5 }, { name: 'fused' }));
    const got = await run(g, {
      x: floats([3, 2], [3, 4, 1, 0, 0, -2]),
      // More tokens than positions: documents are packed, so position 1 comes again and again.
      positions: indices([3, 1], [0, 1, 1]),
      cos: floats([2, 1], [1, 0.6]),
      sin: floats([2, 1], [0, 0.8]),
    });
    expect(got['gemm']).toEqual([
      [3, 3],
      [16, 28, 44, 12, 20, 32, 10, 16, 26],
    ]);
    expect(got['norm']).toEqual([
      [3, 2],
      [0.84853, 2.26274, 1.41421, 0, 0, -2.82843],
    ]);
    expect(got['silu']).toEqual([
      [3, 2],
      [2.85772, 3.92806, 0.73106, 0, 0, -0.23841],
    ]);
    // (a, b) at angle t: (a cos t - b sin t, b cos t + a sin t), for each of the two heads.
    expect(got['rotary']).toEqual([
      [3, 1, 4],
      [3, 4, 3, 4, 0.6, 0.8, 0.6, 0.8, 1.6, -1.2, 1.6, -1.2],
    ]);
    expect(got['fused']).toEqual([
      [1, 2, 2],
      [5, 6, 6, 10],
    ]);
  });

  it('move and index rows as by hand', async () => {
    const g = new Graph();
    const x = g.input('x', 'f32', ['N', 4]);
    const rows = g.input('rows', 'i64', ['B', 'L']);
    const picks = g.input('picks', 'i64', ['N', 1]);
    const padded = b.gather(g, x, rows, undefined, 'padded');
    g.output(padded);
    g.output(b.reshape(g, padded, ['B*L', 4], 'flat'));
    g.output(b.slice(g, x, 1, 1, 3, 'slice'));
    for (const part of g.addAll('Split', [x], { axis: 1, parts: 2 }, { name: 'part' })) g.output(part);
    const picked = g.add('GatherElements', [x, picks], { axis: 1 }, { name: 'picked' });
    g.output(picked);
    g.output(
      g.add('ScatterElements', [x, picks, picked], { axis: 1, reduction: 'add' }, { name: 'doubled' }),
    );
    const places = g.constant('places', i64([2, 2], [0, 3, 1, 0]));
    const updates = g.constant('updates', f32([2], [-1, -2]));
    g.output(g.add('ScatterND', [x, places, updates], {}, { name: 'placed' }));
    g.output(b.reduceSum(g, x, [0], false, 'sums'));
    g.output(
      g.add(
        'Expand',
        [b.slice(g, b.reduceSum(g, x, [0], true), 1, 0, 1)],
        { shape: [2, 3] },
        { name: 'spread' },
      ),
    );
    const got = await run(g, {
      x: floats([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]),
      rows: indices([2, 2], [1, 0, 0, 0]),
      picks: indices([2, 1], [2, 0]),
    });
    const flat = [5, 6, 7, 8, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4];
    expect(got).toEqual({
      padded: [[2, 2, 4], flat],
      flat: [[4, 4], flat],
      slice: [
        [2, 2],
        [2, 3, 6, 7],
      ],
      part: [
        [2, 2],
        [1, 2, 5, 6],
      ],
      part_1: [
        [2, 2],
        [3, 4, 7, 8],
      ],
      picked: [
        [2, 1],
        [3, 5],
      ],
      doubled: [
        [2, 4],
        [1, 2, 6, 4, 10, 6, 7, 8],
      ],
      placed: [
        [2, 4],
        [1, 2, 3, -1, -2, 6, 7, 8],
      ],
      sums: [[4], [6, 8, 10, 12]],
      spread: [
        [2, 3],
        [6, 6, 6, 6, 6, 6],
      ],
    });
  });

  it('load with every operator that may stand in a file', async () => {
    const graph = everyOperator();
    const weights = [...graph.initializers.values()].filter((each) => each.kind === 'external');
    // The weight's file is not here: give its bytes in the model instead.
    for (const { value } of weights) {
      graph.initializers.set(value, {
        kind: 'inline',
        value,
        tensor: f32([6, 4], new Array<number>(24).fill(0.5)),
      });
    }
    const got = await run(graph, {
      x: floats([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]),
      rows: indices([1, 2], [0, 1]),
      back: indices([2], [0, 1]),
      mask: floats([2, 1], [1, 1]),
      positions: indices([2, 1], [0, 1]),
      cos: floats([2, 1], [1, 1]),
      sin: floats([2, 1], [0, 0]),
      picks: indices([2, 1], [2, 0]),
      places: indices([2, 2], [0, 3, 1, 0]),
    });
    // Rows after the scatters: [1, 2, 6, 3] and [5, 6, 7, 8]; sum + mean, and sums of squares of columns 1 and 2.
    expect(got).toEqual({
      spread: [
        [3, 2],
        [40, 85, 40, 85, 40, 85],
      ],
      Add: [
        [2, 1],
        [15, 32.5],
      ],
    });
  });
});
