import type { Value } from '../../graph/types';
import { broadcastLike } from '../fill';
import { resolveAxis } from '../../graph/ops/rules';
import type { GradientRules, InputGradient, RuleContext } from '../rule';

type Reduction = 'ReduceSum' | 'ReduceMean' | 'ReduceSumSquare';

function reducedAxes(context: RuleContext<Reduction>): readonly number[] {
  return context.node.attributes.axes.map((axis) => resolveAxis(axis, context.input(0).shape.length));
}

/** dy with the reduced dimensions kept as 1. */
function keptGradient(context: RuleContext<Reduction>): Value {
  const { graph, node, dy } = context;
  if (node.attributes.keepdims) return dy;
  const axes = new Set(reducedAxes(context));
  const shape = context.input(0).shape.map((dim, i) => (axes.has(i) ? 1 : dim));
  return graph.add('Reshape', [dy], { shape });
}

/** Divides by the number of elements that each mean was taken over; counted in the graph where it is a symbol. */
function meanRule(context: RuleContext<'ReduceMean'>): readonly InputGradient[] {
  const { graph } = context;
  const x = context.input(0);
  const kept = keptGradient(context);
  const axes = reducedAxes(context);
  const count = axes.reduce((product, axis) => {
    const dim = x.shape[axis];
    return typeof dim === 'number' ? product * dim : NaN;
  }, 1);
  if (!Number.isNaN(count)) {
    return [broadcastLike(context, graph.add('Mul', [kept, context.scalar(1 / count, x)], {}), x)];
  }
  const ones = broadcastLike(context, context.scalar(1, x), x);
  const counted = graph.add('ReduceSum', [ones], { axes, keepdims: true });
  return [broadcastLike(context, graph.add('Div', [kept, counted], {}), x)];
}

export const reductions = {
  ReduceSum: (context) => [broadcastLike(context, keptGradient(context), context.input(0))],
  ReduceMean: meanRule,
  ReduceSumSquare: (context) => {
    const { graph, scalar } = context;
    const x = context.input(0);
    const twice = graph.add('Mul', [keptGradient(context), scalar(2, x)], {});
    return [graph.add('Mul', [x, twice], {})];
  },
} satisfies Partial<GradientRules>;
