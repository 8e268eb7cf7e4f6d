import type { Value } from '../../graph/types';
import type { GradientRules, InputGradient, RuleContext } from '../rule';

/**
 * Min and Max pass the gradient to the input that was chosen; among equal ones to the first. An input was passed
 * over where it differs from the output, which Cast to bool and back turns into 1.
 */
function selection(context: RuleContext<'Min'> | RuleContext<'Max'>): readonly InputGradient[] {
  const { graph, node, y } = context;
  const last = node.inputs.findLastIndex((_, i) => context.needs(i));
  let rest = context.dy;
  return node.inputs.map((input, i) => {
    if (input === undefined || i > last) return undefined;
    const before = rest;
    const differs = graph.add('Cast', [graph.add('Sub', [input, y], {})], { to: 'bool' });
    rest = graph.add('Mul', [before, graph.add('Cast', [differs], { to: y.dtype })], {});
    return context.needs(i) ? graph.add('Sub', [before, rest], {}) : undefined;
  });
}

/** x * s with s = sigmoid(alpha x): the derivative is s (1 + alpha (x - y)), which reuses the output. */
function quickGelu(context: RuleContext<'QuickGelu'>): readonly InputGradient[] {
  const { graph, dy, y } = context;
  const { alpha } = context.node.attributes;
  const x = context.input(0);
  const scaled = (value: Value): Value =>
    alpha === 1 ? value : graph.add('Mul', [value, context.scalar(alpha, x)], {});
  const s = graph.add('Sigmoid', [scaled(x)], {});
  const rest = scaled(graph.add('Sub', [x, y], {}));
  const slope = graph.add('Mul', [s, graph.add('Add', [rest, context.scalar(1, x)], {})], {});
  return [graph.add('Mul', [dy, slope], {})];
}

export const elementwise = {
  Add: ({ dy }) => [dy, dy],
  Sub: ({ graph, dy, needs }) => [dy, needs(1) ? graph.add('Neg', [dy], {}) : undefined],
  Mul: ({ graph, dy, needs, input }) => [
    needs(0) ? graph.add('Mul', [dy, input(1)], {}) : undefined,
    needs(1) ? graph.add('Mul', [dy, input(0)], {}) : undefined,
  ],
  Div: ({ graph, dy, y, needs, input }) => {
    const da = graph.add('Div', [dy, input(1)], {});
    return [da, needs(1) ? graph.add('Neg', [graph.add('Mul', [da, y], {})], {}) : undefined];
  },
  Min: selection,
  Max: selection,
  Neg: ({ graph, dy }) => [graph.add('Neg', [dy], {})],
  Exp: ({ graph, dy, y }) => [graph.add('Mul', [dy, y], {})],
  Log: ({ graph, dy, input }) => [graph.add('Div', [dy, input(0)], {})],
  Sqrt: ({ graph, dy, y, scalar }) => [graph.add('Mul', [graph.add('Div', [dy, y], {}), scalar(0.5, y)], {})],
  Reciprocal: ({ graph, dy, y }) => [
    graph.add('Neg', [graph.add('Mul', [graph.add('Mul', [dy, y], {}), y], {})], {}),
  ],
  Sigmoid: ({ graph, dy, y, scalar }) => {
    const slope = graph.add('Mul', [y, graph.add('Sub', [scalar(1, y), y], {})], {});
    return [graph.add('Mul', [dy, slope], {})];
  },
  QuickGelu: quickGelu,
  Cast: ({ graph, dy, input }) => [graph.add('Cast', [dy], { to: input(0).dtype })],
  Identity: ({ dy }) => [dy],
} satisfies Partial<GradientRules>;
