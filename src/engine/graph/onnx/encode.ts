import { create, toBinary } from '@bufbuild/protobuf';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { GraphError } from '../../../base/errors';
import type { Graph } from '../graph';
import { operators } from '../ops/registry';
import type { Initializer, Node, OpType, Value } from '../types';
import { onnxOfDType } from './dtypes';
import { formOf } from './forms';
import { CHECKPOINT, NODE_KEYS } from './metadata';
import { externalTensor, inlineTensor } from './tensors';
import { NodeWriter } from './writer';

const OPSET = 21n;
const IR_VERSION = 10n;

/** Small whole-number vectors that operators take as inputs (shapes, axes), each written once. */
class Vectors {
  readonly tensors: TensorProto[] = [];
  private readonly byKey = new Map<string, string>();

  constructor(private readonly taken: ReadonlySet<string>) {}

  name(values: readonly number[]): string {
    const key = values.join(',');
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    let name = `i64[${key}]`;
    while (this.taken.has(name)) name += '~';
    const data = BigInt64Array.from(values, BigInt);
    this.tensors.push(inlineTensor(name, { dtype: 'i64', shape: [values.length], data }));
    this.byKey.set(key, name);
    return name;
  }
}

function metadata(entries: Readonly<Record<string, string | undefined>>) {
  return Object.entries(entries).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [create(StringStringEntryProtoSchema, { key, value })],
  );
}

function valueInfo(value: Value, checkpoint: boolean, label?: string): ValueInfoProto {
  const dim = value.shape.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof size === 'number'
          ? { case: 'dimValue', value: BigInt(size) }
          : { case: 'dimParam', value: label === undefined ? size : `${size}@${label}` },
    }),
  );
  const tensor = create(TypeProto_TensorSchema, {
    elemType: onnxOfDType(value.dtype),
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name: value.name,
    type: create(TypeProtoSchema, { value: { case: 'tensorType', value: tensor } }),
    metadataProps: metadata({ [CHECKPOINT]: checkpoint ? 'true' : undefined }),
  });
}

function initializerTensor(initializer: Initializer): TensorProto {
  const { value } = initializer;
  if (initializer.kind === 'inline') return inlineTensor(value.name, initializer.tensor);
  const shape = value.shape.map((dim) => {
    if (typeof dim === 'number') return dim;
    throw new GraphError({ what: 'an external weight has a symbolic shape', tensor: value.name });
  });
  return externalTensor(value.name, value.dtype, shape, initializer.location);
}

function encodeNode<K extends OpType>(node: Node<K>, name: string, vectors: Vectors): NodeProto {
  const form = formOf(node.op);
  const { domain } = operators[node.op];
  if (form === undefined || domain === 'eigenloom') {
    throw new GraphError({
      what: `${node.op} is a composite operator that no runtime knows`,
      tensor: node.outputs[0]?.name,
      remedy: 'Lower the graph before it is encoded',
    });
  }
  const writer = new NodeWriter(node.inputs, node.outputs, (values) => vectors.name(values));
  form.write(node.attributes, writer);
  const { adjoint } = node;
  return create(NodeProtoSchema, {
    name,
    opType: node.op,
    domain,
    input: writer.inputs,
    output: node.outputs.map((value) => value.name),
    attribute: writer.attributes,
    metadataProps: metadata({
      [NODE_KEYS.scope]: node.scope,
      [NODE_KEYS.stage]: node.stage,
      [NODE_KEYS.adjointIndices]: adjoint?.indices.name,
      [NODE_KEYS.adjointMask]: adjoint?.mask?.name,
    }),
  });
}

export interface EncodeOptions {
  /** Written behind each symbol of a computed value's shape, for onnxruntime alone: see `bufferLabels`. */
  readonly labels?: ReadonlyMap<Value, string>;
}

/**
 * The bytes of an ONNX model (IR version 10, ai.onnx 21, com.microsoft 1) that computes exactly this graph, node for
 * node and in this order. Symbols become `dim_param`; every value's type is written down, since onnxruntime plans
 * memory by it. Nodes are called `<scope>/<op>_<id>`, so that a profile can be read. Stage, scope, adjoints and
 * checkpoints travel as metadata, which runtimes ignore.
 *
 * Throws a GraphError for composite operators, and for a Reshape that ONNX cannot express.
 */
export function encodeModel(graph: Graph, options: EncodeOptions = {}): Uint8Array {
  const computed = graph.nodes.flatMap((node) => node.outputs);
  const names = [...graph.inputs, ...graph.initializers.keys(), ...computed].map((value) => value.name);
  const vectors = new Vectors(new Set(names));
  const nodeNames = new Set<string>();
  const node = graph.nodes.map((each) => {
    let name = `${each.scope === '' ? 'graph' : each.scope}/${each.op}_${each.id}`;
    while (nodeNames.has(name)) name += '~';
    nodeNames.add(name);
    return encodeNode(each, name, vectors);
  });
  const info = (value: Value): ValueInfoProto => valueInfo(value, graph.checkpoints.has(value));
  const computedInfo = (value: Value): ValueInfoProto =>
    valueInfo(value, graph.checkpoints.has(value), options.labels?.get(value));
  const outputs = new Set(graph.outputs);
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: 'eigenloom',
    opsetImport: [
      create(OperatorSetIdProtoSchema, { domain: '', version: OPSET }),
      create(OperatorSetIdProtoSchema, { domain: 'com.microsoft', version: 1n }),
    ],
    graph: create(GraphProtoSchema, {
      name: 'graph',
      node,
      initializer: [...[...graph.initializers.values()].map(initializerTensor), ...vectors.tensors],
      input: graph.inputs.map(info),
      output: graph.outputs.map(info),
      valueInfo: computed.filter((value) => !outputs.has(value)).map(computedInfo),
    }),
  });
  return toBinary(ModelProtoSchema, model);
}
