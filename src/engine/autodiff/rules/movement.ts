import { GraphError } from '../../../base/errors';
import type { Value } from '../../graph/types';
import { resolveAxis, withDim } from '../../graph/ops/rules';
import { zeros } from '../fill';
import { reshaped } from '../reshaped';
import type { GradientRules, InputGradient, RuleContext } from '../rule';

function sizeAlong(value: Value, axis: number): number {
  const size = value.shape[axis];
  if (typeof size !== 'number') {
    throw new GraphError({
      what: `axis ${axis} must have a known size`,
      tensor: value.name,
      got: String(size),
    });
  }
  return size;
}

/** Zeros before and after, by Concat. */
function sliceRule(context: RuleContext<'Slice'>): readonly InputGradient[] {
  const { graph, node, dy } = context;
  const x = context.input(0);
  const axis = resolveAxis(node.attributes.axis, x.shape.length);
  const size = sizeAlong(x, axis);
  const start = node.attributes.start;
  const end = start + sizeAlong(dy, axis);
  const padding = (count: number): Value[] =>
    count === 0 ? [] : [zeros(context, withDim(x.shape, axis, count), dy)];
  const parts = [...padding(start), dy, ...padding(size - end)];
  return [parts.length === 1 ? dy : graph.add('Concat', parts, { axis })];
}

/** Parts of one size come from one Split, which also works where that size is a symbol. */
function concatRule({ graph, node, dy, needs, input }: RuleContext<'Concat'>): readonly InputGradient[] {
  const axis = resolveAxis(node.attributes.axis, dy.shape.length);
  const parts = node.inputs.length;
  const first = input(0).shape[axis];
  const needed = node.inputs.filter((_, i) => needs(i)).length;
  const uniform = node.inputs.every((value) => value?.shape[axis] === first);
  if (parts === 1) return [dy];
  if (uniform && (typeof first !== 'number' || needed > 1))
    return graph.addAll('Split', [dy], { axis, parts });
  let end = 0;
  return node.inputs.map((_, i) => {
    const start = end;
    end += sizeAlong(input(i), axis);
    return needs(i) ? graph.add('Slice', [dy], { axis, start, end }) : undefined;
  });
}

function splitRule(context: RuleContext<'Split'>): readonly InputGradient[] {
  const { graph, node, outputGradients } = context;
  const known = outputGradients.find((gradient) => gradient !== undefined);
  const parts = node.outputs.map((output, i) => {
    return outputGradients[i] ?? zeros(context, output.shape, known ?? output);
  });
  return [graph.add('Concat', parts, { axis: node.attributes.axis })];
}

export const movement = {
  Transpose: ({ graph, node, dy }) => {
    const { perm } = node.attributes;
    return [graph.add('Transpose', [dy], { perm: perm.map((_, i) => perm.indexOf(i)) })];
  },
  Reshape: ({ graph, dy, input }) => [reshaped(graph, dy, input(0).shape)],
  Concat: concatRule,
  Slice: sliceRule,
  Split: splitRule,
  Expand: ({ dy }) => [dy],
} satisfies Partial<GradientRules>;
