import { GraphError } from '../../base/errors';
import { inferOutputs } from './ops/registry';
import { type Shape } from './dims';
import type {
  DType,
  ExternalLocation,
  GatherAdjoint,
  HostTensor,
  Initializer,
  Node,
  OpAttributes,
  OpType,
  Stage,
  Value,
} from './types';

export interface NodeOptions {
  /** Name of the first output; further ones get `_1`, `_2`. Made unique. Default: the operator's name. */
  readonly name?: string;
  /** Names of all outputs, in place of `name`: for readers of files, whose values have names. */
  readonly names?: readonly string[];
  readonly adjoint?: GatherAdjoint;
}

/**
 * A dataflow graph in the making: values are written once, nodes stand in an order in which they can run. It is
 * append-only but for passes, which make a new graph or replace the node list (`setNodes`).
 */
export class Graph {
  readonly inputs: Value[] = [];
  readonly outputs: Value[] = [];
  readonly initializers = new Map<Value, Initializer>();
  /**
   * Values that recomputation must keep, and where it may begin again: the residual stream between layers. Set by
   * the model builders.
   */
  readonly checkpoints = new Set<Value>();
  private nodeList: Node[] = [];
  private readonly names = new Set<string>();
  private readonly repeats = new Map<string, number>();
  private readonly producers = new Map<Value, Node>();
  private nextId = 0;
  private currentStage: Stage = 'forward';
  private currentScope = '';

  get nodes(): readonly Node[] {
    return this.nodeList;
  }

  /** The node that computes a value; undefined for inputs and initializers. */
  producer(value: Value): Node | undefined {
    return this.producers.get(value);
  }

  input(name: string, dtype: DType, shape: Shape): Value {
    const value = this.value(name, dtype, shape);
    this.inputs.push(value);
    return value;
  }

  output(value: Value): void {
    this.outputs.push(value);
  }

  /** A small tensor written into the model's bytes. */
  constant(name: string, tensor: HostTensor): Value {
    const value = this.value(name, tensor.dtype, tensor.shape);
    this.initializers.set(value, { kind: 'inline', value, tensor });
    return value;
  }

  /** A scalar constant of shape []. */
  scalar(value: number, dtype: 'f32' | 'f64' = 'f32'): Value {
    const data = dtype === 'f32' ? Float32Array.of(value) : Float64Array.of(value);
    return this.constant(`c_${value}`, { dtype, shape: [], data });
  }

  /** A frozen weight that stays in its file. */
  external(name: string, dtype: DType, shape: readonly number[], location: ExternalLocation): Value {
    const value = this.value(name, dtype, shape);
    this.initializers.set(value, { kind: 'external', value, location });
    return value;
  }

  /** Runs `build` with every node it adds belonging to `scope` (nested scopes join with a dot). */
  scoped<T>(scope: string, build: () => T): T {
    const outer = this.currentScope;
    this.currentScope = outer === '' ? scope : `${outer}.${scope}`;
    try {
      return build();
    } finally {
      this.currentScope = outer;
    }
  }

  /** Runs `build` with every node it adds standing in `stage`. */
  staged<T>(stage: Stage, build: () => T): T {
    const outer = this.currentStage;
    this.currentStage = stage;
    try {
      return build();
    } finally {
      this.currentStage = outer;
    }
  }

  /** Adds a node after checking its inputs by the operator's rule, and returns all its outputs. */
  addAll<K extends OpType>(
    op: K,
    inputs: readonly (Value | undefined)[],
    attributes: OpAttributes[K],
    options: NodeOptions = {},
  ): readonly Value[] {
    const inferred = inferOutputs(op, inputs, attributes);
    const base = options.name ?? op;
    const outputs = inferred.map((type, i) =>
      this.value(options.names?.[i] ?? (i === 0 ? base : `${base}_${i}`), type.dtype, type.shape),
    );
    const node: Node<K> = {
      id: this.nextId++,
      op,
      attributes,
      inputs,
      outputs,
      stage: this.currentStage,
      scope: this.currentScope,
      adjoint: options.adjoint,
    };
    this.nodeList.push(node);
    for (const output of outputs) this.producers.set(output, node);
    return outputs;
  }

  /** `addAll` for the many operators with one output of interest: the first. */
  add<K extends OpType>(
    op: K,
    inputs: readonly (Value | undefined)[],
    attributes: OpAttributes[K],
    options: NodeOptions = {},
  ): Value {
    const [first] = this.addAll(op, inputs, attributes, options);
    if (first === undefined) throw new GraphError({ what: `operator ${op} has no output` });
    return first;
  }

  /**
   * Replaces the node list; for passes. The nodes must compute every value they read from one another, the inputs
   * and the initializers, in order; `checkGraph` verifies it.
   */
  setNodes(nodes: readonly Node[]): void {
    this.nodeList = [...nodes];
    this.producers.clear();
    for (const node of nodes) for (const output of node.outputs) this.producers.set(output, node);
  }

  /** A fresh value for a pass that makes nodes by hand. */
  value(name: string, dtype: DType, shape: Shape): Value {
    const value: Value = { id: this.nextId++, name: this.unique(name), dtype, shape };
    return value;
  }

  private unique(name: string): string {
    let candidate = name;
    // Counted per name: thousands of nodes share their operator's.
    let i = this.repeats.get(name) ?? 0;
    while (this.names.has(candidate)) candidate = `${name}~${++i}`;
    this.repeats.set(name, i);
    this.names.add(candidate);
    return candidate;
  }
}
