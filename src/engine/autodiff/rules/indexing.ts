import { GraphError } from '../../../base/errors';
import { dimProduct } from '../../graph/dims';
import type { Value } from '../../graph/types';
import { zeros } from '../fill';
import { reshaped } from '../reshaped';
import { notDifferentiable, type GradientRules, type InputGradient, type RuleContext } from '../rule';

/**
 * A one-to-one gather is gathered back by its adjoint; any other is added into zeros. Rows of the flattened output
 * are what `adjoint.indices` counts.
 */
function gatherRule(context: RuleContext<'Gather'>): readonly InputGradient[] {
  const { graph, node, dy } = context;
  if (!context.needs(0)) return [undefined, notDifferentiable];
  const data = context.input(0);
  const indices = context.input(1);
  const { adjoint } = node;
  if (adjoint !== undefined) {
    const flat = reshaped(graph, dy, [dimProduct(indices.shape), ...data.shape.slice(1)]);
    const back = graph.add('Gather', [flat, adjoint.indices], { axis: 0 });
    const { mask } = adjoint;
    const masked = mask === undefined ? back : graph.add('Mul', [back, mask], {});
    return [reshaped(graph, masked, data.shape), notDifferentiable];
  }
  const wide = indices.dtype === 'i64' ? indices : graph.add('Cast', [indices], { to: 'i64' });
  const rows = graph.add('Reshape', [wide], { shape: [...indices.shape, 1] });
  const sum = graph.add('ScatterND', [zeros(context, data.shape, data), rows, dy], { reduction: 'add' });
  return [sum, notDifferentiable];
}

function gatherElementsRule(context: RuleContext<'GatherElements'>): readonly InputGradient[] {
  const { graph, node, dy } = context;
  if (!context.needs(0)) return [undefined, notDifferentiable];
  const data = context.input(0);
  const { axis } = node.attributes;
  const base = zeros(context, data.shape, data);
  return [
    graph.add('ScatterElements', [base, context.input(1), dy], { axis, reduction: 'add' }),
    notDifferentiable,
  ];
}

/** Where elements are replaced, what stood there before gets no gradient. Indices must then be distinct. */
function scatterElementsRule(context: RuleContext<'ScatterElements'>): readonly InputGradient[] {
  const { graph, node, dy, needs } = context;
  const { axis, reduction = 'none' } = node.attributes;
  const indices = context.input(1);
  const updates = context.input(2);
  const kept = (): Value =>
    graph.add('ScatterElements', [dy, indices, zeros(context, updates.shape, updates)], { axis });
  return [
    needs(0) ? (reduction === 'add' ? dy : kept()) : undefined,
    notDifferentiable,
    needs(2) ? graph.add('GatherElements', [dy, indices], { axis }) : undefined,
  ];
}

/** The same for whole rows: indices [..., 1]. */
function scatterNdRule(context: RuleContext<'ScatterND'>): readonly InputGradient[] {
  const { graph, node, dy, needs } = context;
  const { reduction = 'none' } = node.attributes;
  const indices = context.input(1);
  const updates = context.input(2);
  const picked = (): Value => {
    if (indices.shape.at(-1) !== 1) {
      throw new GraphError({
        what: 'only a ScatterND of whole rows has a gradient for its updates',
        got: `indices of ${indices.shape.at(-1) ?? 0} numbers`,
        expected: '1',
      });
    }
    return graph.add('Gather', [dy, graph.add('Reshape', [indices], { shape: indices.shape.slice(0, -1) })], {
      axis: 0,
    });
  };
  const kept = (): Value => graph.add('ScatterND', [dy, indices, zeros(context, updates.shape, updates)], {});
  return [
    needs(0) ? (reduction === 'add' ? dy : kept()) : undefined,
    notDifferentiable,
    needs(2) ? picked() : undefined,
  ];
}

export const indexing = {
  Gather: gatherRule,
  GatherElements: gatherElementsRule,
  ScatterElements: scatterElementsRule,
  ScatterND: scatterNdRule,
} satisfies Partial<GradientRules>;
