import { expect } from 'vitest';
import { RandomStream } from '../../src/base/random';
import { backward } from '../../src/engine/autodiff/backward';
import { checkGraph } from '../../src/engine/graph/check';
import type { Graph } from '../../src/engine/graph/graph';
import type { HostTensor, Value } from '../../src/engine/graph/types';
import { interpret } from './interpreter/interpret';

export interface GradientCheck {
  readonly graph: Graph;
  /** What is differentiated; where there are several values, or it is no scalar: a random projection of them all. */
  readonly of: readonly Value[];
  /** Inputs of the graph to differentiate for. */
  readonly wrt: readonly Value[];
  readonly feeds: Readonly<Record<string, HostTensor>>;
  /** Greatest difference, relative to the gradient's largest element. */
  readonly tolerance?: number;
}

/**
 * Holds the gradients that `backward` adds to a graph against central differences, both in f64 whatever element types
 * the graph declares. Every element of every value of `wrt` is nudged.
 */
export function checkGrad({ graph, of, wrt, feeds, tolerance = 1e-6 }: GradientCheck): void {
  const projection = project(graph, of, feeds);
  graph.output(projection.loss);
  const lossAt = (changed: Readonly<Record<string, HostTensor>>): number => {
    const { [projection.loss.name]: loss } = interpret(graph, { ...projection.feeds, ...changed });
    return Number(loss?.data[0]);
  };
  const expected = wrt.map((value) => centralDifferences(value, feeds, lossAt));

  const gradients = backward(graph, { loss: projection.loss, wrt });
  for (const gradient of new Set(gradients.values())) {
    if (gradient !== projection.loss) graph.output(gradient);
  }
  checkGraph(graph);
  const computed = interpret(graph, projection.feeds);
  wrt.forEach((value, i) => {
    const gradient = computed[gradients.get(value)?.name ?? ''];
    const wanted = expected[i] ?? new Float64Array();
    const scale = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-3);
    const got = Array.from(gradient?.data ?? [], Number);
    expect(got.length, `elements of the gradient of ${value.name}`).toBe(wanted.length);
    const error = got.reduce((most, x, j) => Math.max(most, Math.abs(x - (wanted[j] ?? NaN))), 0) / scale;
    const shown = `gradient of ${value.name}: got ${got.join(', ')}; central differences ${wanted.join(', ')}`;
    expect(error, shown).toBeLessThan(tolerance);
  });
}

interface Projection {
  readonly loss: Value;
  readonly feeds: Readonly<Record<string, HostTensor>>;
}

/** sum over all values and elements of value * random. The random numbers are inputs: their shapes may be symbolic. */
function project(graph: Graph, of: readonly Value[], feeds: GradientCheck['feeds']): Projection {
  const [only] = of;
  if (of.length === 1 && only?.shape.length === 0) return { loss: only, feeds };
  const before = [...graph.outputs];
  of.forEach((value) => graph.output(value));
  const forward = interpret(graph, feeds);
  graph.outputs.splice(0, graph.outputs.length, ...before);
  const all: Record<string, HostTensor> = { ...feeds };
  const terms = of.map((value, i) => {
    const shape = forward[value.name]?.shape ?? [];
    const name = `projection${i}`;
    const count = shape.reduce((product, dim) => product * dim, 1);
    const numbers = Float64Array.from(new RandomStream(7, name).normals(count));
    all[name] = { dtype: 'f64', shape, data: numbers };
    const product = graph.add('Mul', [value, graph.input(name, value.dtype, value.shape)], {});
    if (shape.length === 0) return product;
    return graph.add('ReduceSum', [product], { axes: shape.map((_, axis) => axis), keepdims: false });
  });
  return { loss: terms.reduce((sum, term) => graph.add('Add', [sum, term], {})), feeds: all };
}

function centralDifferences(
  value: Value,
  feeds: GradientCheck['feeds'],
  lossAt: (changed: GradientCheck['feeds']) => number,
): Float64Array {
  const feed = feeds[value.name];
  if (feed === undefined) throw new Error(`'${value.name}' is not fed: only inputs can be nudged`);
  const numbers = Float64Array.from(feed.data, Number);
  return numbers.map((x, i) => {
    const step = 1e-5 * Math.max(1, Math.abs(x));
    const nudged = (by: number): number => {
      const data = numbers.slice();
      data[i] = x + by;
      return lossAt({ [value.name]: { dtype: 'f64', shape: feed.shape, data } });
    };
    return (nudged(step) - nudged(-step)) / (2 * step);
  });
}
