import { GraphError } from '../../../base/errors';
import { shapesEqual } from '../../graph/dims';
import type { Value } from '../../graph/types';
import { isOp } from '../../graph/passes/nodes';
import type { GradientRules, InputGradient, RuleContext } from '../rule';

const LAST = { axes: [-1], keepdims: true } as const;

/**
 * sum over the last axis of p * dp. Where p is read by nothing but O = p V, that sum is the one of dO * O, which has
 * head-width columns instead of one per key: the attention's backward pass then makes one p-sized tensor less.
 */
function weightedRowSum({ graph, consumers, gradientOf, dy }: RuleContext<'Softmax'>, p: Value): Value {
  const [reader, another] = consumers(p);
  const plain = isOp(reader, 'MatMul') || (isOp(reader, 'FusedMatMul') && reader.attributes.transA !== true);
  const output = reader?.outputs[0];
  if (plain && output !== undefined && another === undefined) {
    const gradient = gradientOf(output);
    const onlyLeft = reader.inputs[0] === p && reader.inputs[1] !== p;
    if (gradient !== undefined && onlyLeft && shapesEqual(output.shape.slice(0, -1), p.shape.slice(0, -1))) {
      return graph.add('ReduceSum', [graph.add('Mul', [gradient, output], {})], LAST);
    }
  }
  return graph.add('ReduceSum', [graph.add('Mul', [dy, p], {})], LAST);
}

function softmaxRule(context: RuleContext<'Softmax'>): readonly InputGradient[] {
  const { graph, dy, y } = context;
  const centred = graph.add('Sub', [dy, weightedRowSum(context, y)], {});
  return [graph.add('Mul', [y, centred], {})];
}

/**
 * RMSNorm. With inv = 1 / sqrt(mean(x^2) + eps) and g = dy * scale: dx = inv g - x (inv^3 / d * sum(g x)). inv has one
 * number a row and is computed again here: WebGPU's second output of the operator is wrong.
 */
function rmsNormRule(context: RuleContext<'SimplifiedLayerNormalization'>): readonly InputGradient[] {
  const { graph, node, dy, needs, scalar } = context;
  const x = context.input(0);
  const scale = context.input(1);
  const width = x.shape.at(-1);
  if (typeof width !== 'number') throw new GraphError({ what: 'a norm needs a known width', tensor: x.name });
  const mean = (sum: Value): Value => graph.add('Mul', [sum, scalar(1 / width, x)], {});
  const squares = mean(graph.add('ReduceSumSquare', [x], LAST));
  const epsilon = scalar(node.attributes.epsilon, x);
  const inv = graph.add(
    'Reciprocal',
    [graph.add('Sqrt', [graph.add('Add', [squares, epsilon], {})], {})],
    {},
  );
  const dx = (): Value => {
    const g = graph.add('Mul', [dy, scale], {});
    const dot = mean(graph.add('ReduceSum', [graph.add('Mul', [g, x], {})], LAST));
    const cubed = graph.add('Mul', [graph.add('Mul', [inv, inv], {}), inv], {});
    const along = graph.add('Mul', [x, graph.add('Mul', [cubed, dot], {})], {});
    return graph.add('Sub', [graph.add('Mul', [g, inv], {}), along], {});
  };
  return [
    needs(0) ? dx() : undefined,
    needs(1) ? graph.add('Mul', [dy, graph.add('Mul', [x, inv], {})], {}) : undefined,
  ];
}

export const normalisation = {
  Softmax: softmaxRule,
  LogSoftmax: ({ graph, dy, y }) => {
    const sum = graph.add('ReduceSum', [dy], LAST);
    return [graph.add('Sub', [dy, graph.add('Mul', [graph.add('Exp', [y], {}), sum], {})], {})];
  },
  SimplifiedLayerNormalization: rmsNormRule,
} satisfies Partial<GradientRules>;
