import type { Graph } from '../graph/graph';
import type { Node, OpType, Value } from '../graph/types';

/** Written by a rule for an input that has no gradient by its nature (an index, a cache of cosines). */
export const notDifferentiable = Symbol('not differentiable');

/** What a rule gives for one input: its gradient, nothing where `needs(i)` is false, or `notDifferentiable`. */
export type InputGradient = Value | undefined | typeof notDifferentiable;

/** What a gradient rule sees of the node it differentiates, and what it may do. */
export interface RuleContext<K extends OpType> {
  /** Nodes added here stand in the backward stage and in the scope of `node`. */
  readonly graph: Graph;
  readonly node: Node<K>;
  /** One per output of the node, undefined where the loss does not depend on it. */
  readonly outputGradients: readonly (Value | undefined)[];
  /** The gradient of the first output; throws where there is none. */
  readonly dy: Value;
  /** The first output itself. */
  readonly y: Value;
  /** An input that must be there; throws where it is left out. */
  readonly input: (i: number) => Value;
  /** Whether a value that is differentiated for lies behind input `i`: build nothing for the others. */
  readonly needs: (i: number) => boolean;
  /** The whole gradient of a value that stands after this node in the forward graph, where it has one. */
  readonly gradientOf: (value: Value) => Value | undefined;
  /** The forward nodes that read a value. */
  readonly consumers: (value: Value) => readonly Node[];
  /** Whether a gradient is the constant 1 that the loss begins with, so that nothing need be multiplied by it. */
  readonly isSeed: (gradient: Value) => boolean;
  /** A scalar of the element type of `like`, one per number and type in the whole graph. */
  readonly scalar: (value: number, like: Value) => Value;
  /** What `build` makes from `value`, made only once in the whole graph, by the first rule that asks. */
  readonly once: (key: string, value: Value, build: () => Value) => Value;
}

/**
 * The gradient of one operator: one entry per input. The driver sums over broadcast dimensions, adds up what
 * several readers of a value give, and checks number, shape and element type.
 */
type GradientRule<K extends OpType> = (context: RuleContext<K>) => readonly InputGradient[];

export type GradientRules = { readonly [K in OpType]: GradientRule<K> };
