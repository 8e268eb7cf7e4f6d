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
  readonly learning_rate: number;
  /** learning rate / (1 - beta1^t) */
  readonly step_size: number;
  /** 1 / sqrt(1 - beta2^t) */
  readonly second_correction: number;
}

/** Inputs of the update graph for optimiser step `step` (1-based since the moments were zero). */
export function updateScalars(adam: AdamSettings, learningRate: number, step: number): UpdateScalars {
  return {
    learning_rate: learningRate,
    step_size: learningRate / (1 - Math.pow(adam.beta1, step)),
    second_correction: 1 / Math.sqrt(1 - Math.pow(adam.beta2, step)),
  };
}

export const GRAD_NORM = 'grad_norm';

/**
 * One optimiser step over all slabs: global norm, clipping and AdamW with decoupled decay, as PyTorch computes them.
 *
 * Inputs: parameters, gradients, moments and the scalars of `UpdateScalars`; for slabs in `masked` also a mask of the
 * slab's shape. Where it is 0 the number gets no update of any kind: no gradient, no momentum, no decay.
 * Outputs: new parameters and moments, and the gradients' norm before clipping.
 */
export function buildUpdateGraph(
  slabs: readonly Slab[],
  adam: AdamSettings,
  masked: ReadonlySet<Slab>,
): Graph {
  const graph = new Graph();
  const scalarInput = (name: keyof UpdateScalars): Value => graph.input(name, 'f32', []);
  const learningRate = scalarInput('learning_rate');
  const stepSize = scalarInput('step_size');
  const secondCorrection = scalarInput('second_correction');

  const gradients = new Map<Slab, Value>();
  const masks = new Map<Slab, Value>();
  let squares: Value | undefined;
  for (const slab of slabs) {
    let gradient = graph.input(slabNames.gradient(slab), 'f32', slab.shape);
    if (masked.has(slab)) {
      const mask = graph.input(slabNames.mask(slab), 'f32', slab.shape);
      masks.set(slab, mask);
      gradient = mul(graph, gradient, mask);
    }
    gradients.set(slab, gradient);
    const axes = slab.shape.map((_, axis) => axis);
    const square = reduceSum(graph, mul(graph, gradient, gradient), axes, false);
    squares = squares === undefined ? square : add(graph, squares, square);
  }
  if (squares === undefined) return graph;
  const norm = graph.add('Sqrt', [squares], {}, { name: GRAD_NORM });
  graph.output(norm);
  const clip =
    adam.maxGradNorm === null
      ? undefined
      : graph.add(
          'Min',
          [div(graph, graph.scalar(adam.maxGradNorm), add(graph, norm, graph.scalar(1e-6))), graph.scalar(1)],
          {},
        );

  for (const slab of slabs) {
    const raw = gradients.get(slab);
    if (raw === undefined) continue;
    const mask = masks.get(slab);
    const parameter = graph.input(slabNames.parameter(slab), 'f32', slab.shape);
    const first = graph.input(slabNames.firstMoment(slab), 'f32', slab.shape);
    const second = graph.input(slabNames.secondMoment(slab), 'f32', slab.shape);
    const gradient = clip === undefined ? raw : mul(graph, raw, clip);

    const newFirst = add(
      graph,
      mul(graph, first, graph.scalar(adam.beta1)),
      mul(graph, gradient, graph.scalar(1 - adam.beta1)),
      slabNames.newFirstMoment(slab),
    );
    const newSecond = add(
      graph,
      mul(graph, second, graph.scalar(adam.beta2)),
      mul(graph, mul(graph, gradient, gradient), graph.scalar(1 - adam.beta2)),
      slabNames.newSecondMoment(slab),
    );
    const root = mul(graph, graph.add('Sqrt', [newSecond], {}), secondCorrection);
    const ratio = div(graph, newFirst, add(graph, root, graph.scalar(adam.epsilon)));
    const masking = (x: Value): Value => (mask === undefined ? x : mul(graph, x, mask));
    const step = masking(mul(graph, ratio, stepSize));
    const decayed =
      slab.decay && adam.weightDecay !== 0
        ? sub(
            graph,
            parameter,
            masking(mul(graph, parameter, mul(graph, learningRate, graph.scalar(adam.weightDecay)))),
          )
        : parameter;
    const newParameter = sub(graph, decayed, step, slabNames.newParameter(slab));
    graph.output(newParameter);
    graph.output(newFirst);
    graph.output(newSecond);
  }
  return graph;
}
