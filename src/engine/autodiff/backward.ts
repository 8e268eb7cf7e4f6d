import { GraphError, InputError, toError } from '../../base/errors';
import { formatShape, shapesEqual } from '../graph/dims';
import type { Graph } from '../graph/graph';
import type { DType, Node, OpType, Value } from '../graph/types';
import { notDifferentiable, type RuleContext } from './rule';
import { rules } from './rules';

export interface BackwardOptions {
  /** A float scalar of shape []. */
  readonly loss: Value;
  /** What to differentiate for: inputs, initializers or values in the middle. */
  readonly wrt: readonly Value[];
}

/**
 * Reverse-mode differentiation: appends the nodes that compute the gradient of `loss` with respect to each value of
 * `wrt` (stage `backward`, scope of the forward node they belong to) and returns the gradients by value. Only what
 * lies between a value of `wrt` and the loss is differentiated: a frozen weight gets no gradient, and nothing is
 * built below the lowest value of `wrt`. Throws an InputError for a value that the loss does not depend on.
 */
export function backward(graph: Graph, options: BackwardOptions): Map<Value, Value> {
  return new Backward(graph, options).run();
}

const FLOATS: ReadonlySet<DType> = new Set<DType>(['f32', 'f64', 'f16']);

class Backward {
  private readonly forward: readonly Node[];
  private readonly reached: ReadonlySet<Value>;
  private readonly gradients = new Map<Value, Value>();
  private readonly seed: Value;
  private readonly shared = new Map<string, Value>();
  private readers: Map<Value, Node[]> | undefined;

  constructor(
    private readonly graph: Graph,
    private readonly options: BackwardOptions,
  ) {
    const { loss, wrt } = options;
    if (loss.shape.length > 0 || !FLOATS.has(loss.dtype)) {
      throw new GraphError({
        what: 'a loss must be one number',
        tensor: loss.name,
        got: `${loss.dtype} ${formatShape(loss.shape)}`,
        expected: 'a float of shape []',
      });
    }
    this.forward = [...graph.nodes];
    this.reached = reachedFrom(wrt, this.forward);
    this.seed = graph.scalar(1, loss.dtype === 'f64' ? 'f64' : 'f32');
  }

  run(): Map<Value, Value> {
    const { loss, wrt } = this.options;
    this.gradients.set(loss, this.seed);
    this.graph.staged('backward', () => {
      for (let i = this.forward.length - 1; i >= 0; i--) {
        const node = this.forward[i];
        if (node !== undefined) this.visit(node);
      }
    });
    const result = new Map<Value, Value>();
    for (const value of wrt) {
      const gradient = this.gradients.get(value);
      if (gradient === undefined) {
        throw new InputError({
          what: 'the loss does not depend on this trainable value',
          tensor: value.name,
          remedy: 'Freeze it, or let the graph use it.',
        });
      }
      result.set(value, gradient);
    }
    this.dropUnusedSeed(result);
    return result;
  }

  private visit(node: Node): void {
    const outputGradients = node.outputs.map((output) => this.gradients.get(output));
    if (outputGradients.every((gradient) => gradient === undefined)) return;
    if (!node.inputs.some((input) => this.needs(input))) return;
    this.graph.scoped(node.scope, () => {
      try {
        this.differentiate(node, outputGradients);
      } catch (thrown) {
        const error = toError(thrown);
        const name = node.outputs[0]?.name ?? '';
        throw new GraphError(
          { what: `gradient of ${node.op} '${name}': ${error.message}` },
          { cause: error },
        );
      }
    });
  }

  private differentiate<K extends OpType>(
    node: Node<K>,
    outputGradients: readonly (Value | undefined)[],
  ): void {
    const rule = rules[node.op];
    const given = rule(this.context(node, outputGradients));
    if (given.length !== node.inputs.length) {
      throw new GraphError({
        what: 'the rule gives a wrong number of gradients',
        got: String(given.length),
        expected: String(node.inputs.length),
      });
    }
    node.inputs.forEach((input, i) => {
      if (input === undefined || !this.needs(input)) return;
      const gradient = given[i];
      if (gradient === notDifferentiable || gradient === undefined) {
        throw new GraphError({
          what:
            gradient === undefined ? `the rule gives nothing for input ${i}` : `input ${i} has no gradient`,
          tensor: input.name,
        });
      }
      this.accumulate(input, this.unbroadcast(gradient, input));
    });
  }

  private needs(value: Value | undefined): boolean {
    return value !== undefined && this.reached.has(value);
  }

  /** Adds up what several readers give, in the order it comes. */
  private accumulate(value: Value, gradient: Value): void {
    const before = this.gradients.get(value);
    this.gradients.set(
      value,
      before === undefined ? gradient : this.graph.add('Add', [before, gradient], {}),
    );
  }

  /** Sums a gradient over the dimensions along which the forward operator broadcast its input. */
  private unbroadcast(gradient: Value, input: Value): Value {
    let sum = gradient;
    const extra = gradient.shape.length - input.shape.length;
    if (extra > 0) {
      const axes = Array.from({ length: extra }, (_, i) => i);
      sum = this.graph.add('ReduceSum', [sum], { axes, keepdims: false });
    }
    const axes = input.shape.flatMap((dim, i) => (dim === 1 && sum.shape[i] !== 1 ? [i] : []));
    if (axes.length > 0 && extra >= 0) sum = this.graph.add('ReduceSum', [sum], { axes, keepdims: true });
    if (!shapesEqual(sum.shape, input.shape) || sum.dtype !== input.dtype) {
      throw new GraphError({
        what: 'a gradient does not fit its value',
        tensor: input.name,
        got: `${gradient.dtype} ${formatShape(gradient.shape)}`,
        expected: `${input.dtype} ${formatShape(input.shape)}`,
      });
    }
    return sum;
  }

  private context<K extends OpType>(
    node: Node<K>,
    outputGradients: readonly (Value | undefined)[],
  ): RuleContext<K> {
    const present = (value: Value | undefined, what: string): Value => {
      if (value === undefined) throw new GraphError({ what: `${what} is not there` });
      return value;
    };
    return {
      graph: this.graph,
      node,
      outputGradients,
      get dy() {
        return present(outputGradients[0], 'the gradient of the first output');
      },
      get y() {
        return present(node.outputs[0], 'the first output');
      },
      input: (i) => present(node.inputs[i], `input ${i}`),
      needs: (i) => this.needs(node.inputs[i]),
      gradientOf: (value) => this.gradients.get(value),
      consumers: (value) => this.consumers(value),
      isSeed: (gradient) => gradient === this.seed,
      scalar: (value, like) => this.scalar(value, like),
      once: (key, value, build) => this.remember(`${key} ${value.id}`, build),
    };
  }

  private consumers(value: Value): readonly Node[] {
    if (this.readers === undefined) {
      this.readers = new Map();
      for (const node of this.forward) {
        for (const input of new Set(node.inputs)) {
          if (input === undefined) continue;
          const list = this.readers.get(input);
          if (list === undefined) this.readers.set(input, [node]);
          else list.push(node);
        }
      }
    }
    return this.readers.get(value) ?? [];
  }

  private scalar(value: number, like: Value): Value {
    const dtype = like.dtype === 'f64' ? 'f64' : 'f32';
    return this.remember(`${dtype} ${value}`, () => this.graph.scalar(value, dtype));
  }

  private remember(key: string, build: () => Value): Value {
    const known = this.shared.get(key);
    if (known !== undefined) return known;
    const made = build();
    this.shared.set(key, made);
    return made;
  }

  /** A loss that brings its own gradient leaves the constant 1 unread. */
  private dropUnusedSeed(result: ReadonlyMap<Value, Value>): void {
    const read = this.graph.nodes.some((node) => node.inputs.includes(this.seed));
    if (!read && ![...result.values()].includes(this.seed)) this.graph.initializers.delete(this.seed);
  }
}

/** Every float value that a change of one of `roots` can reach, the roots included. */
function reachedFrom(roots: readonly Value[], nodes: readonly Node[]): ReadonlySet<Value> {
  const reached = new Set<Value>(roots);
  for (const node of nodes) {
    if (!node.inputs.some((input) => input !== undefined && reached.has(input))) continue;
    for (const output of node.outputs) if (FLOATS.has(output.dtype)) reached.add(output);
  }
  return reached;
}
