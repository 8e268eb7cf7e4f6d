import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CutVertex, minimumVertexCut } from '../../../../../src/engine/graph/passes/minimumCut';

/** Whether flow still reaches an end when these vertices are cut. */
function leaks(vertices: readonly CutVertex[], cut: ReadonlySet<number>): boolean {
  const reached = vertices.map(() => false);
  vertices.forEach((vertex, i) => {
    reached[i] = !cut.has(i) && (vertex.begins || vertex.sources.some((source) => reached[source] === true));
  });
  return vertices.some((vertex, i) => vertex.ends && reached[i] === true);
}

const cost = (vertices: readonly CutVertex[], cut: ReadonlySet<number>): number =>
  [...cut].reduce((sum, i) => sum + (vertices[i]?.cost ?? 0), 0);

const network = fc
  .array(
    fc.record({
      cost: fc.integer({ min: 1, max: 9 }),
      begins: fc.boolean(),
      ends: fc.boolean(),
      links: fc.array(fc.nat(), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 9 },
  )
  .map((rows) =>
    rows.map(({ links, ...row }, i) => ({
      ...row,
      sources: i === 0 ? [] : [...new Set(links.map((link) => link % i))],
    })),
  );

describe('minimumVertexCut', () => {
  it('costs what the cheapest of all cuts costs', () => {
    fc.assert(
      fc.property(network, (vertices) => {
        const found = minimumVertexCut(vertices);
        expect(leaks(vertices, found)).toBe(false);
        let best = Infinity;
        for (let mask = 0; mask < 1 << vertices.length; mask++) {
          const cut = new Set(vertices.flatMap((_, i) => ((mask >> i) & 1 ? [i] : [])));
          if (!leaks(vertices, cut)) best = Math.min(best, cost(vertices, cut));
        }
        expect(cost(vertices, found)).toBe(best);
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  it('takes the cut nearest to the ends', () => {
    const line = [0, 1, 2].map((i) => ({
      cost: 5,
      begins: i === 0,
      ends: i === 2,
      sources: i === 0 ? [] : [i - 1],
    }));
    expect([...minimumVertexCut(line)]).toEqual([2]);
  });
});
