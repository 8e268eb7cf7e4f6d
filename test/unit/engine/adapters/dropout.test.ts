import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../src/base/random';
import { dropout, ROW_SCALE } from '../../../../src/engine/adapters/dropout';
import { Graph } from '../../../../src/engine/graph/graph';
import { interpret } from '../../../support/interpreter/interpret';

function masked(probability: number, seed: number, rows = 64, width = 96): Float32Array {
  const graph = new Graph();
  const x = graph.input('x', 'f32', ['N', width]);
  const noise = {
    rows: graph.input('rows', 'f32', ['N', 1]),
    columns: graph.input('columns', 'f32', [1, width]),
  };
  const y = dropout(graph, x, probability, noise);
  graph.output(y);
  const random = new RandomStream(seed, 'test');
  const outputs = interpret(
    graph,
    {
      x: { dtype: 'f32', shape: [rows, width], data: new Float32Array(rows * width).fill(1) },
      rows: { dtype: 'f32', shape: [rows, 1], data: random.uniforms(rows, ROW_SCALE / 2, ROW_SCALE) },
      columns: { dtype: 'f32', shape: [1, width], data: random.uniforms(width, 0.5, 1) },
    },
    { precision: 'f32' },
  );
  const data = outputs[y.name]?.data;
  if (!(data instanceof Float32Array)) throw new Error('no f32 output');
  return data;
}

const share = (values: Float32Array): number => values.filter((value) => value === 0).length / values.length;

describe('dropout', () => {
  it.each([0.1, 0.5, 0.9])('drops a share of %d and keeps the mean', (probability) => {
    const values = masked(probability, 1);
    expect(share(values)).toBeCloseTo(probability, 1);
    for (const value of values) {
      if (value !== 0) expect(value).toBeCloseTo(1 / (1 - probability), 5);
    }
  });

  it('drops every row and every column about equally often', () => {
    const width = 96;
    const values = masked(0.5, 2, 256, width);
    for (let j = 0; j < width; j++) {
      const column = values.filter((_, i) => i % width === j);
      expect(share(column)).toBeGreaterThan(0.3);
      expect(share(column)).toBeLessThan(0.7);
    }
  });

  it('does not tie rows to each other', () => {
    const width = 512;
    const values = masked(0.5, 3, 16, width);
    for (let a = 0; a < 16; a++) {
      for (let b = 0; b < a; b++) {
        let equal = 0;
        for (let j = 0; j < width; j++) equal += Number(values[a * width + j] === values[b * width + j]);
        expect(Math.abs(equal / width - 0.5)).toBeLessThan(0.15);
      }
    }
  });

  it('gives the same mask for the same noise and another for another', () => {
    expect(masked(0.3, 5)).toEqual(masked(0.3, 5));
    expect(masked(0.3, 5)).not.toEqual(masked(0.3, 6));
  });
});
