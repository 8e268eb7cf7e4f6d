import { describe, expect, it } from 'vitest';
import { Graph } from '../../../../src/engine/graph/graph';
import { causalInputForms, declareCausalInputs } from '../../../../src/engine/models/causalInputs';

describe('declareCausalInputs', () => {
  it('declares every form under its name, each under its own key', () => {
    const heads = { heads: 6, kvHeads: 2, chunks: 4 };
    const graph = new Graph();
    const declared = declareCausalInputs(graph, heads);
    const plain = Object.fromEntries(
      Object.entries(declared).map(([key, { name, dtype, shape }]) => [key, { name, dtype, shape }]),
    );
    expect(plain).toEqual(causalInputForms(heads));
    expect(graph.inputs.map((input) => input.name)).toEqual(
      Object.values(causalInputForms(heads)).map(({ name }) => name),
    );
    expect(declared.queryPad.shape).toEqual(['B', 2, '3*L']);
    expect(declared.lastQueryRealMask.shape).toEqual(['24*K', 1]);
  });
});
