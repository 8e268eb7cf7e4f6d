import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { type GraphProto, type ModelProto, ModelProtoSchema, NodeProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { EigenloomError, GraphError, InputError } from '../../../../../src/base/errors';
import { add, reshape } from '../../../../../src/engine/graph/builder';
import { checkGraph } from '../../../../../src/engine/graph/check';
import { Graph } from '../../../../../src/engine/graph/graph';
import { decodeModel } from '../../../../../src/engine/graph/onnx/decode';
import { encodeModel } from '../../../../../src/engine/graph/onnx/encode';
import { formOf } from '../../../../../src/engine/graph/onnx/forms';
import { operators } from '../../../../../src/engine/graph/ops/registry';
import { printGraph } from '../../../../../src/engine/graph/print';
import type { OpType } from '../../../../../src/engine/graph/types';
import { everyOperator, i64 } from '../sample';

/** A model of ours with something changed in its file. */
function altered(
  change: (graph: GraphProto, model: ModelProto) => void,
  graph: Graph = everyOperator(),
): Uint8Array {
  const model = fromBinary(ModelProtoSchema, encodeModel(graph));
  if (model.graph === undefined) throw new Error('a model has a graph');
  change(model.graph, model);
  return toBinary(ModelProtoSchema, model);
}

function nodeOf(graph: GraphProto, opType: string) {
  const node = graph.node.find((each) => each.opType === opType);
  if (node === undefined) throw new Error(`the sample has a ${opType}`);
  return node;
}

describe('ONNX models', () => {
  it('come back as the same graph, with every operator', () => {
    const graph = everyOperator();
    checkGraph(graph);
    const again = decodeModel(encodeModel(graph));
    checkGraph(again);
    expect(printGraph(again)).toBe(printGraph(graph));
    const used = new Set(graph.nodes.map((node) => node.op));
    const files = Object.keys(operators).filter((op) => formOf(op as OpType) !== undefined);
    expect([...used].sort()).toEqual(files.sort());
  });

  it('keep the data of initializers, and where external ones lie', () => {
    const again = decodeModel(encodeModel(everyOperator()));
    const byName = new Map([...again.initializers.values()].map((each) => [each.value.name, each]));
    expect(byName.get('scale')).toMatchObject({ tensor: { shape: [4], data: Float32Array.of(1, 2, 3, 4) } });
    expect(byName.get('weight')).toMatchObject({
      location: { file: 'model.safetensors', offset: 72, length: 96 },
    });
  });

  it('state versions, symbols and readable, unique node names', () => {
    altered((graph, model) => {
      expect(model.irVersion).toBe(10n);
      expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([
        ['', 21n],
        ['com.microsoft', 1n],
      ]);
      const dims = graph.input[0]?.type?.value;
      const shape =
        dims?.case === 'tensorType' ? dims.value.shape?.dim.map(({ value }) => value.value) : undefined;
      expect(shape).toEqual(['N', 4n]);
      const names = graph.node.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      expect(nodeOf(graph, 'Gemm').name).toMatch(/^layers\.0\.mlp\/Gemm_\d+$/);
      expect(graph.output.map(({ name }) => name)).toEqual(['spread', 'Add']);
    });
  });

  it('write a small vector once, however many nodes take it', () => {
    const graph = new Graph();
    const x = graph.input('x', 'f32', ['N', 4]);
    graph.output(add(graph, reshape(graph, x, ['N', 2, 2]), reshape(graph, x, ['N', 2, 2])));
    altered(({ initializer }) => expect(initializer.map(({ name }) => name)).toEqual(['i64[0,2,2]']), graph);
  });

  it('keep a constant that is a shape and an operand as well', () => {
    const graph = new Graph();
    const x = graph.input('x', 'i64', [2, 2]);
    const four = graph.constant('i64[4]', i64([1], [4]));
    graph.output(add(graph, reshape(graph, x, [4]), four, 'y'));
    expect(printGraph(decodeModel(encodeModel(graph)))).toBe(printGraph(graph));
  });

  it('are refused for composite operators and for a Reshape that moves two symbols', () => {
    const graph = new Graph();
    const x = graph.input('x', 'f32', ['A', 'B']);
    reshape(graph, x, ['B', 'A']);
    expect(() => encodeModel(graph)).toThrow(/Reshape moves more than one symbol; got \[A, B\] to \[B, A\]/);
    const loss = new Graph();
    const hidden = loss.input('hidden', 'f32', ['S', 4]);
    const weight = loss.input('weight', 'f32', [9, 4]);
    const inputs = [hidden, weight, loss.input('labels', 'i32', ['S']), loss.input('weights', 'f32', ['S'])];
    loss.add('LinearCrossEntropy', inputs, { chunks: 1, withWeightGradient: false });
    expect(() => encodeModel(loss)).toThrow(GraphError);
    expect(() => encodeModel(loss)).toThrow(/LinearCrossEntropy is a composite operator.*Lower the graph/);
  });
});

describe('models of other people', () => {
  it('may give axes from the end, ends past the axis, and unnamed dimensions', () => {
    const graph = new Graph();
    const x = graph.input('x', 'f32', ['N', 4]);
    graph.output(graph.add('Slice', [x], { axis: 1, start: 1, end: 4 }, { name: 'y' }));
    const bytes = altered((proto) => {
      const node = nodeOf(proto, 'Slice');
      const far = encodeVector(2147483647);
      const last = encodeVector(-1);
      proto.initializer.push(far, last);
      node.input[2] = far.name;
      node.input[3] = last.name;
      const type = proto.input[0]?.type?.value;
      const dim = type?.case === 'tensorType' ? type.value.shape?.dim[0] : undefined;
      if (dim !== undefined) dim.value = { case: undefined };
    }, graph);
    expect(printGraph(decodeModel(bytes))).toContain('y f32[x_0, 3] = Slice(x) {axis: -1, end: 4, start: 1}');
  });

  it('are refused with the unknown operators, and all that are known', () => {
    const bytes = altered((graph) => {
      graph.node.push(create(NodeProtoSchema, { opType: 'Conv', input: ['x'], output: ['c'] }));
      graph.node.push(
        create(NodeProtoSchema, { opType: 'Attention', domain: 'com.microsoft', output: ['d'] }),
      );
    });
    expect(() => decodeModel(bytes)).toThrow(InputError);
    expect(() => decodeModel(bytes)).toThrow(
      /got Conv, com\.microsoft\.Attention; expected Add, Cast, .*Transpose/,
    );
  });

  const wrong: readonly [string, RegExp, (graph: GraphProto, model: ModelProto) => void][] = [
    [
      'an old operator set',
      /got ai\.onnx 11; expected ai\.onnx 18 to 24/,
      (_, model) => setOpset(model, 11n),
    ],
    ['an input that nothing computes', /tensor 'nothing'/, (graph) => setInput(graph, 'Exp', 0, 'nothing')],
    [
      'a shape that is computed',
      /tensor 'x': this engine needs the shape/,
      (graph) => setInput(graph, 'Reshape', 1, 'x'),
    ],
    ['a missing input', /node MatMul .*has 1 inputs/, (graph) => void nodeOf(graph, 'MatMul').input.pop()],
    [
      'a name for two values',
      /gives one name to two values/,
      (graph) => (nodeOf(graph, 'Exp').output[0] = 'x'),
    ],
    ['an output too many', /Exp.* has an output/, (graph) => void nodeOf(graph, 'Exp').output.push('more')],
    [
      'an axis that is none',
      /Concat .*axis 77 is not an axis/,
      (graph) => setInt(graph, 'Concat', 'axis', 77n),
    ],
    [
      'a gather on another axis',
      /Gather .* has axis 1; expected 0/,
      (graph) => setInt(graph, 'Gather', 'axis', 1n),
    ],
    [
      'too many parts',
      /does not split into equal parts/,
      (graph) => setInt(graph, 'Split', 'num_outputs', 1n << 40n),
    ],
    ['a target type', /Cast .*target type 99/, (graph) => setInt(graph, 'Cast', 'to', 99n)],
    [
      'weights shorter than their shape',
      /tensor 'scale': has another number of bytes/,
      (graph) => setDims(graph, 7n),
    ],
    ['weights of negative length', /tensor 'scale': has an impossible shape/, (graph) => setDims(graph, -4n)],
    ['weights beyond all memory', /tensor 'scale': has/, (graph) => setDims(graph, 1n << 62n)],
    ['no graph', /has no graph/, (_, model) => delete model.graph],
  ];
  for (const [what, message, change] of wrong) {
    it(`are refused for ${what}`, () => {
      const bytes = altered(change);
      expect(() => decodeModel(bytes)).toThrow(InputError);
      expect(() => decodeModel(bytes)).toThrow(message);
    });
  }

  it('never crash the reader, whatever their bytes', () => {
    const good = encodeModel(everyOperator());
    const flips = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(flips, fc.nat(good.length), (changes, cut) => {
        const bytes = good.slice(0, cut % 3 === 0 ? cut : good.length);
        for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
        try {
          decodeModel(bytes);
        } catch (thrown) {
          if (!(thrown instanceof EigenloomError) || thrown.kind !== 'input') throw thrown;
        }
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});

function encodeVector(value: number) {
  const graph = new Graph();
  graph.constant(`vector ${value}`, i64([1], [value]));
  const [tensor] = fromBinary(ModelProtoSchema, encodeModel(graph)).graph?.initializer ?? [];
  if (tensor === undefined) throw new Error('the constant was written');
  return tensor;
}

function setOpset(model: ModelProto, version: bigint): void {
  for (const each of model.opsetImport) if (each.domain === '') each.version = version;
}

function setInput(graph: GraphProto, op: string, index: number, name: string): void {
  nodeOf(graph, op).input[index] = name;
}

function setInt(graph: GraphProto, op: string, name: string, value: bigint): void {
  for (const attribute of nodeOf(graph, op).attribute) if (attribute.name === name) attribute.i = value;
}

function setDims(graph: GraphProto, dim: bigint): void {
  for (const tensor of graph.initializer) if (tensor.name === 'scale') tensor.dims = [dim];
}
