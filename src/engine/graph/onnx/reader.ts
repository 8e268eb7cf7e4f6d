import { type AttributeProto, AttributeProto_AttributeType as Kind, type NodeProto } from 'onnx-buf';
import { InputError } from '../../../base/errors';
import { shortestFloat32 } from '../float32';
import type { Value } from '../types';

/** Finds what a node's input names stand for. */
export interface Scope {
  /** The value; undefined for an optional input that is left out. Throws an InputError for an unknown name. */
  value(name: string): Value | undefined;
  /** The numbers of an int64 or int32 constant; throws an InputError where the input is none. */
  vector(name: string): readonly number[];
}

/** How a node is named in errors. */
export function describeNodeProto(node: NodeProto): string {
  return `node ${node.opType} '${node.name === '' ? (node.output[0] ?? '') : node.name}'`;
}

/** Reads the ONNX form of one node, which may come from anybody: each surprise is an InputError that names it. */
export class NodeReader {
  private readonly byName: ReadonlyMap<string, AttributeProto>;

  constructor(
    private readonly node: NodeProto,
    private readonly scope: Scope,
  ) {
    this.byName = new Map(node.attribute.map((attribute) => [attribute.name, attribute]));
  }

  get outputCount(): number {
    return this.node.output.length;
  }

  get inputCount(): number {
    return this.node.input.length;
  }

  /** The operands from input 0 to `count`, without optional ones that are left out at the end. */
  operands(count: number): readonly (Value | undefined)[] {
    const values = this.node.input.slice(0, count).map((name) => this.scope.value(name));
    while (values.length > 0 && values.at(-1) === undefined) values.pop();
    return values;
  }

  /** An operand that must be there. */
  operand(index: number): Value {
    const name = this.node.input[index];
    const value = name === undefined ? undefined : this.scope.value(name);
    return value ?? this.fail(`has no input ${index}`);
  }

  /** Whole numbers of a constant input; undefined where it is left out. */
  constant(index: number): readonly number[] | undefined {
    const name = this.node.input[index];
    return name === undefined || name === '' ? undefined : this.scope.vector(name);
  }

  /** As `constant`, for an input that must be there. */
  needConstant(index: number): readonly number[] {
    return this.constant(index) ?? this.fail(`has no input ${index}`);
  }

  int(name: string): number | undefined {
    const attribute = this.find(name, Kind.INT);
    return attribute === undefined ? undefined : Number(attribute.i);
  }

  flag(name: string): boolean | undefined {
    const value = this.int(name);
    return value === undefined ? undefined : value !== 0;
  }

  float(name: string): number | undefined {
    const attribute = this.find(name, Kind.FLOAT);
    return attribute === undefined ? undefined : shortestFloat32(attribute.f);
  }

  ints(name: string): readonly number[] | undefined {
    return this.find(name, Kind.INTS)?.ints.map(Number);
  }

  string(name: string): string | undefined {
    const attribute = this.find(name, Kind.STRING);
    return attribute === undefined ? undefined : new TextDecoder().decode(attribute.s);
  }

  /** Requires that an attribute, where it is given, has the one value this engine computes with. */
  only(name: string, value: number): void {
    const got = this.int(name) ?? value;
    if (got !== value) this.fail(`has ${name} ${got}`, `${value}`);
  }

  fail(what: string, expected?: string): never {
    throw new InputError({ what: `${describeNodeProto(this.node)} ${what}`, expected });
  }

  private find(name: string, kind: Kind): AttributeProto | undefined {
    const attribute = this.byName.get(name);
    if (attribute !== undefined && attribute.type !== kind) {
      this.fail(`has an attribute ${name} of kind ${attribute.type}`, `${kind}`);
    }
    return attribute;
  }
}
