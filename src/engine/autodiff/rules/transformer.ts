import { GraphError } from '../../../base/errors';
import type { Value } from '../../graph/types';
import { notDifferentiable, type GradientRules, type InputGradient, type RuleContext } from '../rule';

/** A rotation's gradient is the rotation back: the sine changes its sign, once for all layers. */
function rotaryRule(context: RuleContext<'RotaryEmbedding'>): readonly InputGradient[] {
  const { graph, node, dy } = context;
  const sin = context.input(3);
  const back = context.once('negated', sin, () =>
    graph.add('Neg', [sin], {}, { name: `${sin.name}_negated` }),
  );
  return [
    graph.add('RotaryEmbedding', [dy, context.input(1), context.input(2), back], node.attributes),
    notDifferentiable,
    notDifferentiable,
    notDifferentiable,
  ];
}

/** The loss brings its gradients as further outputs. */
function crossEntropyRule(context: RuleContext<'LinearCrossEntropy'>): readonly InputGradient[] {
  const { graph, node, needs, outputGradients } = context;
  const [, dHidden, dWeight] = node.outputs;
  if (outputGradients.slice(1).some((gradient) => gradient !== undefined)) {
    throw new GraphError({
      what: 'the gradients that LinearCrossEntropy gives cannot be differentiated again',
    });
  }
  const { dy } = context;
  const scaled = (value: Value): Value => (context.isSeed(dy) ? value : graph.add('Mul', [value, dy], {}));
  if (needs(1) && dWeight === undefined) {
    throw new GraphError({
      what: 'the head weight is trained, but its gradient is not computed',
      tensor: context.input(1).name,
      remedy: 'Build LinearCrossEntropy with withWeightGradient: true.',
    });
  }
  return [
    needs(0) && dHidden !== undefined ? scaled(dHidden) : undefined,
    needs(1) && dWeight !== undefined ? scaled(dWeight) : undefined,
    notDifferentiable,
    notDifferentiable,
  ];
}

/** silu'(g) = s (1 + g - silu(g)) with s = sigmoid(g). */
function swigluRule(context: RuleContext<'SwiGLU'>): readonly InputGradient[] {
  const { graph, dy, needs, scalar } = context;
  const [gate, up] = [context.input(0), context.input(1)];
  const s = graph.add('Sigmoid', [gate], {});
  const activated = graph.add('Mul', [gate, s], {});
  const dGate = (): Value => {
    const rest = graph.add('Add', [graph.add('Sub', [gate, activated], {}), scalar(1, gate)], {});
    const through = graph.add('Mul', [graph.add('Mul', [dy, up], {}), s], {});
    return graph.add('Mul', [through, rest], {});
  };
  return [needs(0) ? dGate() : undefined, needs(1) ? graph.add('Mul', [dy, activated], {}) : undefined];
}

export const transformer = {
  RotaryEmbedding: rotaryRule,
  LinearCrossEntropy: crossEntropyRule,
  SwiGLU: swigluRule,
} satisfies Partial<GradientRules>;
