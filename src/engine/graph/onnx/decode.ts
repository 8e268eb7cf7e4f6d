import { fromBinary } from '@bufbuild/protobuf';
import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type StringStringEntryProto,
  type TensorProto,
  type ValueInfoProto,
} from 'onnx-buf';
import { GraphError, InputError, toError } from '../../../base/errors';
import { type Dim, dimProduct } from '../dims';
import { Graph } from '../graph';
import { operators } from '../ops/registry';
import type { GatherAdjoint, OpType, Stage, Value } from '../types';
import { dtypeOfOnnx } from './dtypes';
import { formOf } from './forms';
import { CHECKPOINT, NODE_KEYS } from './metadata';
import { describeNodeProto, NodeReader, type Scope } from './reader';
import { readTensor, type TensorSource } from './tensors';

/** Opsets of ai.onnx in which our operators have the forms that forms.ts reads. */
const OPSETS = { first: 18, last: 24 } as const;

function isOpType(name: string): name is OpType {
  return Object.hasOwn(operators, name);
}

function operatorOf(node: NodeProto): OpType | undefined {
  const domain = node.domain === 'ai.onnx' ? '' : node.domain;
  const { opType } = node;
  return isOpType(opType) && formOf(opType) !== undefined && operators[opType].domain === domain
    ? opType
    : undefined;
}

function parse(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (thrown) {
    throw new InputError(
      { what: 'these bytes are no ONNX model', got: toError(thrown).message },
      { cause: thrown },
    );
  }
}

function checkOperators(model: ModelProto, nodes: readonly NodeProto[]): void {
  const unknown = nodes.filter((node) => operatorOf(node) === undefined);
  if (unknown.length > 0) {
    const names = new Set(unknown.map((n) => (n.domain === '' ? n.opType : `${n.domain}.${n.opType}`)));
    const known = Object.keys(operators).filter((name) => isOpType(name) && formOf(name) !== undefined);
    throw new InputError({
      what: 'the model uses operators that this engine has no rules for',
      got: [...names].sort().slice(0, 20).join(', '),
      expected: known.sort().join(', '),
    });
  }
  const opset = model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version;
  if (opset === undefined || opset < OPSETS.first || opset > OPSETS.last) {
    throw new InputError({
      what: 'the model has an operator set that this engine does not read',
      got: opset === undefined ? 'none' : `ai.onnx ${opset.toString()}`,
      expected: `ai.onnx ${OPSETS.first} to ${OPSETS.last}`,
      remedy: 'Export or convert the model with such an operator set',
    });
  }
}

function entry(entries: readonly StringStringEntryProto[], key: string): string | undefined {
  return entries.find((each) => each.key === key)?.value;
}

function readDim(
  info: ValueInfoProto,
  index: number,
  dim: { readonly value?: bigint | string | undefined },
): Dim {
  const { value } = dim;
  // A dimension nobody named is a symbol of its own.
  if (value === undefined || value === '') return `${info.name}_${index}`;
  if (typeof value === 'bigint') {
    if (value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw new InputError({ what: 'has an impossible dimension', tensor: info.name, got: value.toString() });
  }
  if (value.split('*').includes('')) {
    throw new InputError({ what: 'has an unreadable dimension', tensor: info.name, got: value });
  }
  return dimProduct([value]);
}

function readStage(node: NodeProto): Stage {
  const stage = entry(node.metadataProps, NODE_KEYS.stage);
  return stage === 'recompute' || stage === 'backward' || stage === 'update' ? stage : 'forward';
}

/** Builds the graph of one model, with the names that its file gives. */
class Decoder implements Scope {
  readonly graph = new Graph();
  private readonly values = new Map<string, Value>();
  private readonly tensors = new Map<string, TensorSource>();

  constructor(private readonly proto: GraphProto) {}

  decode(): Graph {
    const { proto, graph } = this;
    for (const tensor of proto.initializer) this.tensors.set(tensor.name, readTensor(tensor));
    // Files of IR version 3 repeat initializers among the inputs.
    for (const info of proto.input) if (!this.tensors.has(info.name)) this.declareInput(info);
    const attributesOnly = this.attributeInputs();
    for (const tensor of proto.initializer)
      if (!attributesOnly.has(tensor.name)) this.declareInitializer(tensor);
    for (const node of proto.node) this.addNode(node);
    for (const { name } of proto.output) graph.output(this.need(name, 'an output of the model'));
    for (const info of [...proto.input, ...proto.valueInfo, ...proto.output]) {
      const value = this.values.get(info.name);
      if (value !== undefined && entry(info.metadataProps, CHECKPOINT) === 'true')
        graph.checkpoints.add(value);
    }
    return graph;
  }

  value(name: string): Value | undefined {
    return name === '' ? undefined : this.need(name, 'an input of a node');
  }

  vector(name: string): readonly number[] {
    const source = this.tensors.get(name);
    const tensor = source?.kind === 'inline' ? source.tensor : undefined;
    if (tensor === undefined || (tensor.dtype !== 'i64' && tensor.dtype !== 'i32')) {
      throw new InputError({
        what: 'this engine needs the shape, axes or bounds of an operator as a constant of the model',
        tensor: name,
        remedy: 'Simplify the model, so that its shapes are folded',
      });
    }
    return Array.from(tensor.data, Number);
  }

  /** Names of initializers that are read only as shapes, axes and bounds: they become attributes again. */
  private attributeInputs(): ReadonlySet<string> {
    const constants = new Set<string>();
    const operands = new Set(this.proto.output.map(({ name }) => name));
    for (const node of this.proto.node) {
      const op = operatorOf(node);
      const count = (op === undefined ? undefined : formOf(op)?.operands) ?? node.input.length;
      node.input.forEach((name, i) => (i < count ? operands : constants).add(name));
    }
    return new Set([...constants].filter((name) => !operands.has(name)));
  }

  private declareInput(info: ValueInfoProto): void {
    const type = info.type?.value;
    const tensor = type?.case === 'tensorType' ? type.value : undefined;
    const dtype = tensor === undefined ? undefined : dtypeOfOnnx(tensor.elemType);
    if (tensor?.shape === undefined || dtype === undefined) {
      throw new InputError({
        what: 'this input has no shape, or an element type this engine does not compute with',
        tensor: info.name,
      });
    }
    const shape = tensor.shape.dim.map((dim, i) => readDim(info, i, dim.value));
    this.declare(info.name, () => this.graph.input(info.name, dtype, shape));
  }

  private declareInitializer({ name }: TensorProto): void {
    const source = this.tensors.get(name);
    if (source === undefined) return;
    this.declare(name, () =>
      source.kind === 'inline'
        ? this.graph.constant(name, source.tensor)
        : this.graph.external(name, source.dtype, source.shape, source.location),
    );
  }

  private declare(name: string, make: () => Value): void {
    if (name === '' || this.values.has(name)) {
      throw new InputError({ what: 'the model gives one name to two values, or none to one', tensor: name });
    }
    this.values.set(name, make());
  }

  private addNode(node: NodeProto): void {
    const op = operatorOf(node);
    if (op === undefined) return;
    const scope = entry(node.metadataProps, NODE_KEYS.scope) ?? '';
    const outputs = this.graph.staged(readStage(node), () =>
      scope === '' ? this.build(op, node) : this.graph.scoped(scope, () => this.build(op, node)),
    );
    // An optional output that nobody reads has no name.
    node.output.forEach((name, i) => {
      if (name === '') return;
      const value = outputs[i];
      if (value === undefined) {
        throw new InputError({
          what: `${describeNodeProto(node)} has an output this engine does not give`,
          tensor: name,
        });
      }
      this.declare(name, () => value);
    });
  }

  private build(op: OpType, node: NodeProto): readonly Value[] {
    const form = formOf(op);
    if (form === undefined) throw new GraphError({ what: `${op} has no ONNX form` });
    const reader = new NodeReader(node, this);
    const adjoint = this.adjoint(node);
    try {
      const options = { names: node.output, ...(adjoint === undefined ? {} : { adjoint }) };
      return this.graph.addAll(op, reader.operands(form.operands), form.read(reader), options);
    } catch (thrown) {
      // What is a bug in a graph of ours is a wrong model in a file.
      if (!(thrown instanceof GraphError)) throw thrown;
      const { what, ...facts } = thrown.facts;
      throw new InputError({ ...facts, what: `${describeNodeProto(node)}: ${what}` }, { cause: thrown });
    }
  }

  private adjoint(node: NodeProto): GatherAdjoint | undefined {
    const indices = entry(node.metadataProps, NODE_KEYS.adjointIndices);
    if (indices === undefined) return undefined;
    const mask = entry(node.metadataProps, NODE_KEYS.adjointMask);
    const reader = describeNodeProto(node);
    return {
      indices: this.need(indices, reader),
      ...(mask === undefined ? {} : { mask: this.need(mask, reader) }),
    };
  }

  private need(name: string, reader: string): Value {
    const value = this.values.get(name);
    if (value !== undefined) return value;
    throw new InputError({ what: `${reader} is computed by nothing before it`, tensor: name });
  }
}

/**
 * Reads an ONNX model: what `encodeModel` writes, to the same printed graph, and any other model that uses only
 * operators of the registry, in ai.onnx 18 to 24. The bytes may come from anybody: whatever is wrong with them is an
 * InputError that names the node or tensor; unknown operators are listed beside the known ones. External data is
 * located, not read.
 */
export function decodeModel(bytes: Uint8Array): Graph {
  const model = parse(bytes);
  const { graph } = model;
  if (graph === undefined) throw new InputError({ what: 'the model has no graph' });
  if (graph.sparseInitializer.length > 0) throw new InputError({ what: 'the model has sparse weights' });
  checkOperators(model, graph.node);
  return new Decoder(graph).decode();
}
