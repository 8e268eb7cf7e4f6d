import { toError } from '../../../src/base/errors';
import type { Graph } from '../../../src/engine/graph/graph';
import type { DType, HostTensor, Initializer, Node, OpType, Value } from '../../../src/engine/graph/types';
import { elementwise } from './elementwise';
import { indexing } from './indexing';
import { matrix } from './matrix';
import { movement } from './movement';
import { rowwise } from './rows';
import { Symbols } from './symbols';
import { fromHost, product, toHost, type Kernels, type Tensor } from './tensor';
import { transformer } from './transformer';

export interface InterpretOptions {
  /**
   * `f64` (the default) computes and returns every float as f64, whatever the graph declares; `f32` rounds each
   * operator's result to the declared type, as a runtime does.
   */
  readonly precision?: 'f64' | 'f32';
  /** Reads a weight that lies outside the graph. */
  readonly external?: (initializer: Extract<Initializer, { kind: 'external' }>) => HostTensor;
}

const kernels: Kernels = {
  ...elementwise,
  ...matrix,
  ...movement,
  ...indexing,
  ...rowwise,
  ...transformer,
};

/**
 * Runs a graph node by node, in plain code that shares nothing with onnxruntime or with our gradients: the judge in
 * tests. Returns the graph's outputs by name. Every tensor's shape is held against its declaration.
 */
export function interpret(
  graph: Graph,
  feeds: Readonly<Record<string, HostTensor>>,
  options: InterpretOptions = {},
): Record<string, HostTensor> {
  return new Interpreter(graph, options).run(feeds);
}

class Interpreter {
  private readonly values = new Map<Value, Tensor>();
  private readonly symbols = new Symbols();

  constructor(
    private readonly graph: Graph,
    private readonly options: InterpretOptions,
  ) {}

  run(feeds: Readonly<Record<string, HostTensor>>): Record<string, HostTensor> {
    const { graph } = this;
    const known = new Set(graph.inputs.map((input) => input.name));
    const unknown = Object.keys(feeds).find((name) => !known.has(name));
    if (unknown !== undefined) throw new Error(`the graph has no input '${unknown}'`);
    for (const input of graph.inputs) {
      const feed = feeds[input.name];
      if (feed === undefined) throw new Error(`input '${input.name}' is not fed`);
      if (feed.dtype !== input.dtype && (this.options.precision === 'f32' || !isFloat(feed.dtype))) {
        throw new Error(`input '${input.name}' is ${input.dtype}, fed ${feed.dtype}`);
      }
      this.set(input, fromHost(feed));
    }
    for (const [value, initializer] of graph.initializers) this.set(value, this.weight(initializer));
    for (const node of graph.nodes) this.compute(node);
    const outputs = graph.outputs.map((output): [string, HostTensor] => {
      const dtype = this.options.precision !== 'f32' && isFloat(output.dtype) ? 'f64' : output.dtype;
      return [output.name, toHost(this.get(output), dtype)];
    });
    return Object.fromEntries(outputs);
  }

  private weight(initializer: Initializer): Tensor {
    if (initializer.kind === 'inline') return fromHost(initializer.tensor);
    const { external } = this.options;
    if (external === undefined)
      throw new Error(`no reader for the external weight '${initializer.value.name}'`);
    return fromHost(external(initializer));
  }

  private compute<K extends OpType>(node: Node<K>): void {
    const inputs = node.inputs.flatMap((input) => (input === undefined ? [] : [this.get(input)]));
    const [first] = inputs;
    const input = (i: number): Tensor => {
      const value = node.inputs[i];
      if (value === undefined) throw new Error(`input ${i} is left out`);
      return this.get(value);
    };
    const symbols = this.symbols;
    try {
      const computed = kernels[node.op]({
        attributes: node.attributes,
        inputs,
        input,
        get outputShape() {
          return symbols.resolve(node.outputs[0]?.shape ?? [], product(first?.shape ?? []));
        },
      });
      const results = 'data' in computed ? [computed] : computed;
      node.outputs.forEach((output, i) => {
        const result = results[i];
        if (result === undefined) throw new Error(`output ${i} was not computed`);
        this.set(output, result);
      });
    } catch (thrown) {
      const error = toError(thrown);
      throw new Error(`${node.op} '${node.outputs[0]?.name ?? ''}': ${error.message}`, { cause: error });
    }
  }

  private get(value: Value): Tensor {
    const found = this.values.get(value);
    if (found === undefined) throw new Error(`'${value.name}' is read before it is computed`);
    return found;
  }

  private set(value: Value, computed: Tensor): void {
    this.symbols.match(value.name, value.shape, computed.shape);
    const rounds = this.options.precision === 'f32' && value.dtype === 'f32';
    this.values.set(value, rounds ? { ...computed, data: computed.data.map(Math.fround) } : computed);
  }
}

function isFloat(dtype: DType): boolean {
  return dtype === 'f32' || dtype === 'f64';
}
