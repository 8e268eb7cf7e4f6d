import { createHash } from 'node:crypto';
import { RunError } from '../../base/errors';
import { RandomStream } from '../../base/random';
import { DATA_START, type BatchPlan } from '../../data/batch/plan';
import { layoutStep, type StepBatches } from '../../data/batch/step';
import type { TokenRow } from '../../data/batch/tokenRow';
import type { Runtime } from '../../engine/graph/runtime';
import type { LinearModule } from '../../engine/models/modules';
import {
  implicitPasses,
  implicitTopSingular,
  sketchWidth,
  type ImplicitSize,
  type ImplicitSvd,
} from '../../engine/spectra/implicitSvd';
import type { ApproximateSvd, SvdSettings } from '../../engine/spectra/randomizedSvd';
import { GradientProducts, productAdapters } from '../../engine/training/gradientProducts';
import { planSlabs } from '../../engine/training/parameters';
import { cached } from '../../weights/cache';
import {
  type BasisRecord,
  type Decomposition,
  type Decompositions,
  readErrorBound,
  writeTriples,
} from './bases';
import type { TrainContext } from '../context';
import type { LoopParts } from './loop';
import { chooseRecompute, predictMemory, type MemoryPrediction } from './memory';
import type { LoadedModel } from './model';

/** Micro-batches of the run that the gradient is averaged over, from its first one on; fewer where an epoch has less. */
const BATCHES = 8;

/** Two more passes over the batches for each power iteration: the gradient's spectrum falls steeply, and one will do. */
const SKETCH: SvdSettings = { oversampling: 10, powerIterations: 1 };

/** What was decomposed, for `spectra.json`. */
interface GradientRecord extends BasisRecord {
  readonly basis: 'gradient';
  /** Micro-batches, and their supervised tokens, that the gradient is the mean over. */
  readonly batches: number;
  readonly tokens: number;
}

/** What decomposing needs of the process around it. */
export type DecomposeContext = Pick<
  TrainContext,
  'experiment' | 'signal' | 'stopRequested' | 'progress' | 'log'
>;

/** What of a run its gradient depends on, and where it is computed. */
interface GradientParts extends Pick<
  LoopParts,
  'runtime' | 'spec' | 'weightsFolder' | 'plan' | 'batches' | 'layout' | 'train'
> {
  readonly context: DecomposeContext;
  readonly model: LoadedModel;
  /** The CPU's runtime, for what has to be summed in f64. */
  readonly cpu: Runtime;
  /** What the run itself is predicted to take: the sketch makes do with it. */
  readonly memory: MemoryPrediction;
}

/**
 * The top singular triples of the loss's gradient for every adapted module's weight, as the mean over the first
 * batches of the run, with the base model as it is. Each is kept by the weights' content, the model's form, the rows,
 * the rank and the seed: it is done once, ever. Ends with the context's AbortError when a stop is asked for; throws a
 * RunError where the gradient is 0 or not finite.
 */
export async function gradientBases(parts: GradientParts): Promise<Decompositions> {
  const { context, batches, train, layout, plan, model } = parts;
  const { seed } = context.experiment.training;
  const microBatches = firstBatches(batches);
  const step = layoutStep(train, microBatches, layout);
  const rows = rowsHash(model, train, microBatches);
  const content = await model.source.contentHash();
  const how = `gradient/${rows}/${SKETCH.oversampling}/${SKETCH.powerIterations}/${seed}`;
  const all = new Map<string, Decomposition>();
  let sketched: ReadonlyMap<string, ImplicitSvd> | undefined;
  for (const { module, settings } of plan.adapters.values()) {
    const { path, inputs, outputs, weight } = module;
    const { rank } = settings;
    const key = `${content}/${weight}/${rank}/${how}`;
    const file = await cached('gradient-2', key, async (target) => {
      sketched ??= await sketch(parts, step);
      const found = sketched.get(path);
      if (found === undefined) throw new RunError({ what: 'the sketch lacks a module', tensor: weight });
      await writeTriples(target, module, found);
    });
    const record: GradientRecord = {
      module: path,
      shape: [outputs, inputs],
      rank,
      method: 'randomized',
      key,
      error_bound: await readErrorBound(file),
      basis: 'gradient',
      batches: microBatches.length,
      tokens: step.tokens,
    };
    all.set(path, { record, file });
  }
  return all;
}

type MicroBatches = readonly (readonly (readonly number[])[])[];

function firstBatches(plan: BatchPlan): MicroBatches {
  const first: (readonly (readonly number[])[])[] = [];
  let position = DATA_START;
  while (first.length < BATCHES && position.epoch === DATA_START.epoch) {
    const { microBatches, next } = plan.at(position);
    first.push(...microBatches);
    position = next;
  }
  return first.slice(0, BATCHES);
}

/** SHA-256 over what the gradient depends on beside the weights: the model's form, and the tokens with their labels. */
function rowsHash(
  { config }: Pick<LoadedModel, 'config'>,
  train: { row(index: number): TokenRow },
  microBatches: MicroBatches,
): string {
  const hash = createHash('sha256').update(JSON.stringify(config));
  for (const index of microBatches.flat(2)) {
    const { ids, supervised } = train.row(index);
    hash.update(`/${ids.length}/`).update(ids).update(supervised);
  }
  return hash.digest('hex').slice(0, 40);
}

/** Decomposes the gradients of all modules together: a pass over the batches serves every module at once. */
async function sketch(
  { context, runtime, spec, weightsFolder, plan, cpu, memory }: GradientParts,
  { batches }: StepBatches,
): Promise<ReadonlyMap<string, ImplicitSvd>> {
  const { seed } = context.experiment.training;
  const started = performance.now();
  const sizes = new Map<string, ImplicitSize>();
  for (const { module, settings } of plan.adapters.values()) {
    sizes.set(module.path, { outputs: module.outputs, inputs: module.inputs, rank: settings.rank });
  }
  const width = ({ path }: LinearModule): number => {
    const size = sizes.get(path);
    return size === undefined ? 0 : sketchWidth(size, SKETCH);
  };
  const modules = [...plan.adapters.values()].map(({ module }) => module);
  const { adapters, parameters } = productAdapters(modules, width);
  const form = { ...spec, adapters, slabs: planSlabs(parameters) };
  const worst = { training: batches.map(({ bindings }) => bindings), evaluation: [] };
  const { recompute } = chooseRecompute(
    'auto',
    (level) => predictMemory({ ...form, recompute: level }, worst, memory.weights),
    memory.total,
  );
  const total = implicitPasses(SKETCH) * batches.length;
  const source = {
    runtime,
    spec: { ...spec, recompute },
    weightsFolder,
    modules,
    batches: batches.map(({ feeds }) => feeds),
    onBatch: (done: number) => {
      if (context.stopRequested()) context.signal.throwIfAborted();
      context.progress({ what: 'sketching the gradient', fraction: done / total });
    },
    onLoss: requireFinite,
  };
  const products = await GradientProducts.create(source, width);
  try {
    const found = await implicitTopSingular(cpu, products, sizes, SKETCH, (path, count) =>
      new RandomStream(seed, `gradient/${path}`).normals(count),
    );
    requireDirections(found);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    context.log(
      `the gradient's singular vectors over ${batches.length} batches, recompute ${recompute}: ${seconds} s`,
    );
    return found;
  } finally {
    await products.dispose();
  }
}

function requireFinite(loss: number): void {
  if (Number.isFinite(loss)) return;
  throw new RunError({
    what: `the loss over the first batches is ${loss}, not a finite number, before any training`,
    remedy: 'Look at the weights of the model: they may be damaged.',
  });
}

/** Adapters that start from nothing would never learn anything. */
function requireDirections(found: ReadonlyMap<string, ApproximateSvd>): void {
  const largest = [...found.values()].map(({ sigma }) => sigma[0] ?? 0);
  if (largest.every(Number.isFinite) && largest.some((value) => value > 0)) return;
  throw new RunError({
    what: 'the gradient over the first batches is 0 or not finite: adapters cannot start from it',
    key: 'adapter.basis',
    remedy: 'Set adapter.basis to weights, or look at the first rows and the weights of the model.',
  });
}
