import { add, div, mul, reduceSum, sub } from '../graph/builder';
import { Graph } from '../graph/graph';
import type { Value } from '../graph/types';
import { slabNames, type Slab } from './parameters';

/** AdamW's constants (Loshchilov & Hutter 2019), as PyTorch's `torch.optim.AdamW` names them. */
export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Global-norm clipping; null: none. */
  readonly maxGradNorm: number | null;
}

/** Scalars that change with every step, computed on the host in f64. */
export interface UpdateScalars {
  /** What gradients are multiplied by so that their global norm is at most `maxGradNorm`. */
  readonly clip: number;
  /** learning rate * weight decay; 0 for a slab that does not decay. */
  readonly decay: number;
  /** learning rate / (1 - beta1^t) */
  readonly step_size: number;
  /** 1 / sqrt(1 - beta2^t) */
  readonly second_correction: number;
}

/** One optimiser step, as the update of every slab sees it. */
export interface UpdateMoment {
  readonly learningRate: number;
  /** 1-based since the moments were zero. */
  readonly step: number;
  /** The gradients' global norm. */
  readonly gradNorm: number;
}

/** The scalar inputs of a slab's update, as PyTorch's AdamW and `clip_grad_norm_` compute them. */
export function updateScalars(adam: AdamSettings, moment: UpdateMoment, decays: boolean): UpdateScalars {
  const { learningRate, step, gradNorm } = moment;
  return {
    clip: adam.maxGradNorm === null ? 1 : Math.min(1, adam.maxGradNorm / (gradNorm + 1e-6)),
    decay: decays ? learningRate * adam.weightDecay : 0,
    step_size: learningRate / (1 - Math.pow(adam.beta1, step)),
    second_correction: 1 / Math.sqrt(1 - Math.pow(adam.beta2, step)),
  };
}

/** Name of a slab's mask: 0 where a number gets no update of any kind. */
export const maskName = (slab: Slab): string => `mask:${slab.name}`;

export const GRAD_NORM = 'grad_norm';

/** The global norm of all slabs' gradients, without what a mask leaves out. Inputs: gradients, and masks of `masked`. */
export function buildNormGraph(slabs: readonly Slab[], masked: ReadonlySet<Slab>): Graph {
  const graph = new Graph();
  let squares: Value | undefined;
  for (const slab of slabs) {
    let gradient = graph.input(slabNames.gradient(slab), 'f32', [slab.size]);
    if (masked.has(slab)) gradient = mul(graph, gradient, graph.input(maskName(slab), 'f32', [slab.size]));
    const square = reduceSum(graph, mul(graph, gradient, gradient), [0], false);
    squares = squares === undefined ? square : add(graph, squares, square);
  }
  graph.output(graph.add('Sqrt', [squares ?? graph.scalar(0)], {}, { name: GRAD_NORM }));
  return graph;
}

/** Names of what goes in and out of the update of a slab, beside its scalars. */
export const updateNames = {
  parameter: 'parameter',
  gradient: 'gradient',
  mask: 'mask',
  firstMoment: 'first_moment',
  secondMoment: 'second_moment',
  newParameter: 'new_parameter',
  newFirstMoment: 'new_first_moment',
  newSecondMoment: 'new_second_moment',
} as const;

/**
 * One optimiser step of one slab of any size: clipping by a factor and AdamW with decoupled decay, as PyTorch computes
 * them. Slabs are updated one after the other, so that only one has its old and new state in memory at a time.
 *
 * Inputs: parameter, gradient, both moments, the scalars of `UpdateScalars`, and with `masked` a mask. Where it is 0
 * the number gets no update: no gradient, no momentum, no decay. Outputs: new parameter and moments.
 */
export function buildUpdateGraph(adam: AdamSettings, masked: boolean): Graph {
  const graph = new Graph();
  const slab = (name: string): Value => graph.input(name, 'f32', ['n']);
  const scalar = (name: keyof UpdateScalars): Value => graph.input(name, 'f32', []);
  const parameter = slab(updateNames.parameter);
  const mask = masked ? slab(updateNames.mask) : undefined;
  const masking = (x: Value): Value => (mask === undefined ? x : mul(graph, x, mask));
  const gradient = mul(graph, masking(slab(updateNames.gradient)), scalar('clip'));

  const newFirst = add(
    graph,
    mul(graph, slab(updateNames.firstMoment), graph.scalar(adam.beta1)),
    mul(graph, gradient, graph.scalar(1 - adam.beta1)),
    updateNames.newFirstMoment,
  );
  const newSecond = add(
    graph,
    mul(graph, slab(updateNames.secondMoment), graph.scalar(adam.beta2)),
    mul(graph, mul(graph, gradient, gradient), graph.scalar(1 - adam.beta2)),
    updateNames.newSecondMoment,
  );
  const root = mul(graph, graph.add('Sqrt', [newSecond], {}), scalar('second_correction'));
  const ratio = div(graph, newFirst, add(graph, root, graph.scalar(adam.epsilon)));
  const decayed = sub(graph, parameter, masking(mul(graph, parameter, scalar('decay'))));
  const step = masking(mul(graph, ratio, scalar('step_size')));
  graph.output(sub(graph, decayed, step, updateNames.newParameter));
  graph.output(newFirst);
  graph.output(newSecond);
  return graph;
}
