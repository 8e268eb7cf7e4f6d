import { describe, expect, it } from 'vitest';
import { interpret } from '../../../support/interpreter/interpret';
import { Graph } from '../../../../src/engine/graph/graph';
import {
  declareParameters,
  packSlab,
  planSlabs,
  slabsSize,
  unpackSlab,
  type Parameter,
  type Slab,
} from '../../../../src/engine/training/parameters';

const parameter = (name: string, shape: readonly number[], decay = true): Parameter => ({
  name,
  shape,
  decay,
});

const mixed = [
  parameter('a', [2, 3]),
  parameter('norm', [4], false),
  parameter('large', [512, 512]),
  parameter('b', [3]),
  parameter('bias', [2], false),
  parameter('largeNorm', [1 << 18], false),
];

const only = (slabs: readonly Slab[], name: string): Slab => {
  const slab = slabs.find((candidate) => candidate.name === name);
  if (slab === undefined) throw new Error(`no slab ${name}`);
  return slab;
};

describe('planSlabs', () => {
  it('packs small tensors by whether they decay, and leaves large ones alone', () => {
    const plan = planSlabs(mixed).map(({ name, size, decay, entries }) => ({
      name,
      size,
      decay,
      entries: entries.map((entry) => [entry.parameter.name, entry.offset, entry.size]),
    }));
    expect(plan).toEqual([
      { name: 'large', size: 1 << 18, decay: true, entries: [['large', 0, 1 << 18]] },
      {
        name: 'packed',
        size: 9,
        decay: true,
        entries: [
          ['a', 0, 6],
          ['b', 6, 3],
        ],
      },
      {
        name: 'largeNorm',
        size: 1 << 18,
        decay: false,
        entries: [['largeNorm', 0, 1 << 18]],
      },
      {
        name: 'packed_no_decay',
        size: 6,
        decay: false,
        entries: [
          ['norm', 0, 4],
          ['bias', 4, 2],
        ],
      },
    ]);
    expect(slabsSize(planSlabs(mixed))).toBe(2 * (1 << 18) + 15);
  });

  it('is the same for the same parameters, and empty for none', () => {
    expect(planSlabs(mixed)).toEqual(planSlabs([...mixed]));
    expect(planSlabs([])).toEqual([]);
  });
});

describe('packSlab and unpackSlab', () => {
  const small = mixed.filter(({ name }) => !name.startsWith('large'));
  const values = new Map([
    ['a', Float32Array.of(1, 2, 3, 4, 5, 6)],
    ['b', Float32Array.of(7, 8, 9)],
  ]);
  const slab = only(planSlabs(small), 'packed');
  const tensor = (name: string): Float32Array => values.get(name) ?? new Float32Array();

  it('are inverse', () => {
    const packed = packSlab(slab, tensor);
    expect([...packed]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(unpackSlab(slab, packed)).toEqual(values);
  });

  it('refuse a tensor of the wrong size', () => {
    expect(() => packSlab(slab, () => new Float32Array(6))).toThrow(/tensor 'b'.*got 6; expected 3/);
  });

  it('are what a graph slices its parameters by', () => {
    const graph = new Graph();
    const declared = declareParameters(graph, planSlabs(small));
    for (const { name, shape } of small) {
      const value = declared.get(name);
      expect(value?.shape).toEqual(shape);
      if (value !== undefined) graph.output(value);
    }
    const none = { dtype: 'f32', shape: [6], data: Float32Array.of(1, 2, 3, 4, 5, 6) } as const;
    const outputs = interpret(graph, {
      'parameter:packed': { dtype: 'f32', shape: [9], data: packSlab(slab, tensor) },
      'parameter:packed_no_decay': none,
    });
    expect([...(outputs['a']?.data ?? [])]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...(outputs['b']?.data ?? [])]).toEqual([7, 8, 9]);
    expect([...(outputs['bias']?.data ?? [])]).toEqual([5, 6]);
  });
});
