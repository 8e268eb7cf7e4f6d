import type { Runtime } from '../../engine/graph/runtime';
import { decomposeModules, type Decompositions } from './bases';
import type { RunData } from './data';
import { type DecomposeContext, gradientBases } from './gradientBasis';
import type { LoadedModel } from './model';
import { planRun, planSpec } from './plan';
import { adaptedModules, neededRanks } from '../../plan/ranks';

interface DecomposerParts {
  readonly context: DecomposeContext;
  readonly model: LoadedModel;
  readonly data: RunData;
  /** Where the run trains; the gradient is computed there. */
  readonly runtime: Runtime;
  readonly cpu: Runtime;
}

/**
 * Decomposes what a run may start from, or choose its ranks by, each when it is first asked for: at the largest rank
 * that each module may get.
 */
export class Decomposer {
  readonly #done = new Map<'weights' | 'gradient', Promise<Decompositions>>();

  constructor(private readonly parts: DecomposerParts) {}

  /** The top singular triples of the weights, or of the loss's gradient. */
  of(basis: 'weights' | 'gradient'): Promise<Decompositions> {
    const done = this.#done.get(basis) ?? (basis === 'weights' ? this.weights() : this.gradient());
    this.#done.set(basis, done);
    return done;
  }

  private async weights(): Promise<Decompositions> {
    const { context, model, cpu } = this.parts;
    const { adapter, training } = context.experiment;
    if (adapter.method === 'full') return new Map();
    const modules = adaptedModules(adapter, model.config);
    const ranks = neededRanks(adapter, modules);
    const progress: typeof context.progress = (note) => context.progress(note);
    return decomposeModules(cpu, model.source, modules, ranks, training.seed, progress, context.signal);
  }

  private async gradient(): Promise<Decompositions> {
    const { context, model, data, runtime, cpu } = this.parts;
    const { experiment } = context;
    const { adapter } = experiment;
    if (adapter.method === 'full') return new Map();
    const ranks = neededRanks(adapter, adaptedModules(adapter, model.config));
    const run = planRun(experiment, model, data, ranks);
    const { spec, memory } = planSpec(experiment, run, model, runtime.device === 'cpu');
    return gradientBases({
      context,
      runtime,
      cpu,
      spec,
      memory,
      model,
      weightsFolder: model.weights.folder,
      plan: run.training,
      batches: run.batches,
      layout: run.layout,
      train: data.train,
    });
  }
}
