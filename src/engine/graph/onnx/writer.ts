import { create } from '@bufbuild/protobuf';
import { type AttributeProto, AttributeProto_AttributeType as Kind, AttributeProtoSchema } from 'onnx-buf';
import type { Value } from '../types';

/** Collects the ONNX form of one node: attributes, and whole-number tensors that become inputs. */
export class NodeWriter {
  readonly attributes: AttributeProto[] = [];
  readonly inputs: string[];

  /**
   * @param vector names an int64 initializer that holds these numbers; the encoder shares equal ones.
   */
  constructor(
    readonly operands: readonly (Value | undefined)[],
    readonly outputs: readonly Value[],
    private readonly vector: (values: readonly number[]) => string,
  ) {
    this.inputs = operands.map((value) => value?.name ?? '');
  }

  /** Adds an input: a constant vector of int64. */
  constant(values: readonly number[]): this {
    this.inputs.push(this.vector(values));
    return this;
  }

  int(name: string, value: number | undefined): this {
    if (value !== undefined) this.attribute({ name, type: Kind.INT, i: BigInt(value) });
    return this;
  }

  flag(name: string, value: boolean | undefined): this {
    return this.int(name, value === undefined ? undefined : Number(value));
  }

  float(name: string, value: number | undefined): this {
    if (value !== undefined) this.attribute({ name, type: Kind.FLOAT, f: value });
    return this;
  }

  ints(name: string, values: readonly number[]): this {
    this.attribute({ name, type: Kind.INTS, ints: values.map(BigInt) });
    return this;
  }

  string(name: string, value: string | undefined): this {
    if (value !== undefined) this.attribute({ name, type: Kind.STRING, s: new TextEncoder().encode(value) });
    return this;
  }

  private attribute(init: Parameters<typeof create<typeof AttributeProtoSchema>>[1]): void {
    this.attributes.push(create(AttributeProtoSchema, init));
  }
}
