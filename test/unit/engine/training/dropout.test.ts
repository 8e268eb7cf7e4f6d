import { beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../src/base/random';
import { dropout, ROW_SCALE } from '../../../../src/engine/adapters/dropout';
import { Graph } from '../../../../src/engine/graph/graph';
import type { HostTensor } from '../../../../src/engine/graph/types';
import { dropoutFeeds } from '../../../../src/engine/training/dropoutFeeds';
import { adapterPhases } from '../../../../src/engine/training/phases';
import {
  ACCUMULATE,
  buildLogitsGraph,
  buildStepGraph,
  LOSS,
} from '../../../../src/engine/training/stepGraph';
import { packSlab, planSlabs, slabNames } from '../../../../src/engine/training/parameters';
import type { RecomputeLevel } from '../../../../src/engine/graph/passes/recompute';
import { interpret } from '../../../support/interpreter/interpret';
import { InterpreterRuntime } from '../../../support/interpreter/runtime';
import { nudgeAll, tinyAdapters } from '../../../support/tinyAdapters';
import { sample, tinyBatch, tinyModel, tinySpec, tokens, type TinyModel } from '../../../support/tinyModel';

const noise = (rows: number, columns: number, seed: number): Record<string, HostTensor> => {
  const random = new RandomStream(seed, 'noise');
  return {
    rows: { dtype: 'f32', shape: [rows, 1], data: random.uniforms(rows, ROW_SCALE / 2, ROW_SCALE) },
    columns: { dtype: 'f32', shape: [1, columns], data: random.uniforms(columns, 0.5, 1) },
  };
};

/** Ones after dropout, [rows][columns]. */
function dropped(probability: number, rows: number, columns: number, seed = 1): number[][] {
  const graph = new Graph();
  const x = graph.input('x', 'f32', [rows, columns]);
  const y = dropout(graph, x, probability, {
    rows: graph.input('rows', 'f32', [rows, 1]),
    columns: graph.input('columns', 'f32', [1, columns]),
  });
  graph.output(y);
  const ones = new Float32Array(rows * columns).fill(1);
  const feeds = {
    x: { dtype: 'f32', shape: [rows, columns], data: ones } as const,
    ...noise(rows, columns, seed),
  };
  const data = Array.from(interpret(graph, feeds, { precision: 'f32' })[y.name]?.data ?? [], Number);
  return Array.from({ length: rows }, (_, i) => data.slice(i * columns, (i + 1) * columns));
}

const shareOf = (values: readonly number[]): number =>
  values.filter((value) => value === 0).length / values.length;

describe('dropout', () => {
  it.each([0.05, 0.1, 0.5, 0.9])('drops a share of %s and scales up what is left', (probability) => {
    const values = dropped(probability, 200, 100).flat();
    expect(Math.abs(shareOf(values) - probability)).toBeLessThan(0.015);
    const left = new Set(values.filter((value) => value !== 0));
    expect(left.size).toBe(1);
    expect([...left][0]).toBeCloseTo(1 / (1 - probability), 5);
  });

  it('spreads over rows and columns alike, and no two of either are dropped alike', () => {
    const rows = dropped(0.5, 120, 120);
    const columns = rows.map((_, j) => rows.map((row) => row[j] ?? NaN));
    for (const lines of [rows, columns]) {
      for (const line of lines) expect(Math.abs(shareOf(line) - 0.5)).toBeLessThan(0.25);
      const agreement = lines.slice(1).map((line, i) => {
        const before = lines[i] ?? [];
        return line.filter((value, k) => (value === 0) === (before[k] === 0)).length / line.length;
      });
      const mean = agreement.reduce((sum, value) => sum + value, 0) / agreement.length;
      expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
      expect(Math.max(...agreement)).toBeLessThan(0.85);
    }
  });

  it('is decided by its numbers alone', () => {
    expect(dropped(0.3, 20, 20, 4)).toEqual(dropped(0.3, 20, 20, 4));
    expect(dropped(0.3, 20, 20, 4)).not.toEqual(dropped(0.3, 20, 20, 5));
  });
});

describe('dropout in a step', () => {
  let model: TinyModel;
  beforeAll(async () => {
    model = await tinyModel();
  });

  async function step(
    probability: number,
    seed: number,
    recompute: RecomputeLevel,
    targets?: readonly string[],
  ) {
    const adapted = tinyAdapters(model, 'lora', { dropout: probability }, targets ?? 'all-linear');
    nudgeAll(adapted);
    const [phase] = adapterPhases(adapted.adapters.values(), { steps: 1, fraction: 0 });
    const slabs = planSlabs(phase?.parameters ?? []);
    const batch = tinyBatch(model.config, [
      [sample(tokens(model.config, 7))],
      [sample(tokens(model.config, 4))],
    ]);
    const spec = tinySpec(model, { adapters: adapted.adapters, slabs, recompute });
    const feeds: Record<string, HostTensor> = {
      ...batch.feeds,
      [ACCUMULATE]: { dtype: 'f32', shape: [], data: Float32Array.of(0) },
      ...dropoutFeeds(adapted.adapters.values(), batch.feeds, new RandomStream(seed, 'dropout/0', 1)),
    };
    for (const slab of slabs) {
      const data = packSlab(slab, (name) => adapted.values.get(name) ?? new Float32Array());
      feeds[slabNames.parameter(slab)] = { dtype: 'f32', shape: [slab.size], data };
      feeds[slabNames.gradient(slab)] = {
        dtype: 'f32',
        shape: [slab.size],
        data: new Float32Array(slab.size),
      };
    }
    const session = await new InterpreterRuntime('f32').createSession(buildStepGraph(spec), {
      label: 'step',
      weightsFolder: model.folder,
    });
    const { host } = await session.run(feeds);
    return { spec, loss: Number(host[LOSS]?.data[0]), gradient: host['new_gradient:packed']?.data };
  }

  it('changes the loss with its seed, and only with it', async () => {
    const [plain, first, again, other] = [
      await step(0, 1, 'none'),
      await step(0.4, 1, 'none'),
      await step(0.4, 1, 'none'),
      await step(0.4, 2, 'none'),
    ];
    expect(again).toEqual(first);
    expect(first.loss).not.toBeCloseTo(plain.loss, 4);
    expect(other.loss).not.toBeCloseTo(first.loss, 4);
  });

  it.each<RecomputeLevel>(['cheap', 'layers'])(
    'drops the same again when it recomputes: %s',
    async (level) => {
      const [kept, again] = [await step(0.4, 1, 'none'), await step(0.4, 1, level)];
      expect(again.loss).toBe(kept.loss);
      expect(again.gradient).toEqual(kept.gradient);
    },
  );

  it.each([[['layers.0.*']], [['layers.1.*q_proj']]])(
    'is fed exactly what its graph asks for, on %s',
    async (targets) => {
      expect(Number.isFinite((await step(0.4, 1, 'none', targets)).loss)).toBe(true);
    },
  );

  it('is not in the graphs that only look', async () => {
    const { spec } = await step(0.4, 1, 'none');
    const names = buildLogitsGraph(spec).inputs.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('dropout'))).toEqual([]);
  });
});
