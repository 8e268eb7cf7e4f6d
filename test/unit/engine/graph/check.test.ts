import { describe, expect, it } from 'vitest';
import { add, gather, gemm } from '../../../../src/engine/graph/builder';
import { checkGraph } from '../../../../src/engine/graph/check';
import { Graph } from '../../../../src/engine/graph/graph';
import type { Node } from '../../../../src/engine/graph/types';

function linear(): { graph: Graph; first: Node; second: Node } {
  const graph = new Graph();
  const x = graph.input('x', 'f32', ['N', 4]);
  const w = graph.constant('w', { dtype: 'f32', shape: [4, 4], data: new Float32Array(16) });
  const h = graph.scoped('mlp', () => gemm(graph, x, w, { transB: true, name: 'h' }));
  graph.output(add(graph, h, x, 'y'));
  const [first, second] = graph.nodes;
  if (first === undefined || second === undefined) throw new Error('the graph has two nodes');
  return { graph, first, second };
}

describe('checkGraph', () => {
  it('accepts a graph that can run', () => expect(() => checkGraph(linear().graph)).not.toThrow());

  it('refuses a node that reads what comes later', () => {
    const { graph, first, second } = linear();
    graph.setNodes([second, first]);
    expect(() => checkGraph(graph)).toThrow(/tensor 'h': node Add \(y\) reads a value that no input/);
  });

  it('refuses an adjoint whose indices nothing gives', () => {
    const { graph } = linear();
    const [x] = graph.inputs;
    if (x === undefined) throw new Error('the graph has an input');
    const rows = graph.input('rows', 'i64', ['S']);
    gather(graph, x, rows, { indices: graph.value('stray', 'i64', ['N']) });
    expect(() => checkGraph(graph)).toThrow(/tensor 'stray': node Gather/);
  });

  it('refuses a value that two nodes compute', () => {
    const { graph, first, second } = linear();
    graph.setNodes([first, { ...second, outputs: first.outputs }]);
    expect(() => checkGraph(graph)).toThrow(/tensor 'h': node Add \(h\) makes a value again/);
  });

  it('refuses two values of one name', () => {
    const { graph, first, second } = linear();
    const [h] = first.outputs;
    if (h === undefined) throw new Error('the node has an output');
    graph.setNodes([first, { ...second, outputs: [{ ...h }] }]);
    expect(() => checkGraph(graph)).toThrow(/tensor 'h': node Add \(h\) repeats a name/);
  });

  it('refuses an output of another type than the operator gives, and names the scope', () => {
    const { graph, first, second } = linear();
    const wrong = graph.value('wrong', 'f32', ['N', 5]);
    graph.setNodes([{ ...first, outputs: [wrong] }, second]);
    expect(() => checkGraph(graph)).toThrow(
      /tensor 'wrong': node Gemm \(wrong\) in mlp has an output of another type.*got f32\[N, 5\]; expected f32\[N, 4\]/,
    );
  });

  it('refuses a node with too few outputs', () => {
    const { graph, first, second } = linear();
    graph.setNodes([{ ...first, outputs: [] }, second]);
    expect(() => checkGraph(graph)).toThrow(/node Gemm \(\) in mlp has 0 outputs; expected 1/);
  });

  it('refuses outputs that nothing computes, or that are named twice', () => {
    const { graph, first } = linear();
    graph.setNodes([first]);
    expect(() => checkGraph(graph)).toThrow(/tensor 'y': no node computes this output/);
    const twice = linear().graph;
    const [y] = twice.outputs;
    if (y === undefined) throw new Error('the graph has an output');
    twice.output(y);
    expect(() => checkGraph(twice)).toThrow(/tensor 'y': this output is named twice/);
  });
});
