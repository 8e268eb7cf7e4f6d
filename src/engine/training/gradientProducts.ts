import { GraphError } from '../../base/errors';
import type { AdapterSettings } from '../adapters/method';
import { adapterMethods } from '../adapters/registry';
import type { Runtime } from '../graph/runtime';
import type { HostTensor } from '../graph/types';
import type { LinearModule } from '../models/modules';
import type { ImplicitMatrices, Matrices } from '../spectra/implicitSvd';
import type { Parameter } from './parameters';
import { factorName, type GraphSpec, type ModuleAdapter } from './stepGraph';
import { initialState, TrainingSessions } from './trainingSessions';
import type { AdamSettings } from './updateGraph';

/** What the gradients are taken over. */
export interface GradientSource {
  readonly runtime: Runtime;
  /** The base model's graph; adapters and slabs are those of the products. */
  readonly spec: Omit<GraphSpec, 'adapters' | 'slabs'>;
  readonly weightsFolder: string;
  readonly modules: readonly LinearModule[];
  /** Feeds of the micro-batches; their loss weights say what each counts. */
  readonly batches: readonly Readonly<Record<string, HostTensor>>[];
  /** Called before each micro-batch with the number of those done; what it throws ends the product. */
  readonly onBatch: (done: number) => void;
  /** Called after each product with the loss over all batches. */
  readonly onLoss: (loss: number) => void;
}

/**
 * Products with the gradients G = dL/dW = dY^T X [outputs, inputs] of the modules' weights, summed over some
 * micro-batches; G itself is never formed. A LoRA of which one factor is 0 changes nothing, and the gradient of that
 * factor is the product with the other one: dL/dB = dY^T (X A^T) = G A^T, and dL/dA = (dY B)^T X = B^T G. So the step
 * graph of a LoRA gives both, from the loss's own backward pass, and one session serves every product: it is loading
 * it that takes long.
 */
export class GradientProducts implements ImplicitMatrices {
  private done = 0;

  private constructor(
    private readonly source: GradientSource,
    private readonly sessions: TrainingSessions,
  ) {}

  /** Loads the session; `rankOf` says how many vectors each module's products are with. */
  static async create(
    source: GradientSource,
    rankOf: (module: LinearModule) => number,
  ): Promise<GradientProducts> {
    const { runtime, modules, weightsFolder } = source;
    const { adapters, parameters } = productAdapters(modules, rankOf);
    const spec = { ...source.spec, adapters };
    const state = new Map(
      parameters.map(({ name, shape: [rows = 0, columns = 0] }) => [
        name,
        initialState(new Float32Array(rows * columns)),
      ]),
    );
    const setup = { spec, parameters, adam: NO_UPDATE, maskable: new Set<string>(), weightsFolder };
    return new GradientProducts(source, await TrainingSessions.create(runtime, setup, state, new Map()));
  }

  /** G X^T for X [rank, inputs], by module path. */
  times(x: Matrices): Promise<Matrices> {
    return this.pass('lora_A', 'lora_B', x);
  }

  /** X^T G for X [outputs, rank], by module path. */
  adjointTimes(x: Matrices): Promise<Matrices> {
    return this.pass('lora_B', 'lora_A', x);
  }

  async dispose(): Promise<void> {
    await this.sessions.dispose();
  }

  private async pass(given: LoraFactor, wanted: LoraFactor, x: Matrices): Promise<Matrices> {
    const { modules, batches, onBatch, onLoss } = this.source;
    const values = new Map<string, Float32Array>();
    for (const module of modules) {
      const matrix = need(x, module.path);
      const [from, to] =
        given === 'lora_A' ? [module.inputs, module.outputs] : [module.outputs, module.inputs];
      values.set(factorName(module, given), matrix);
      values.set(factorName(module, wanted), new Float32Array((matrix.length / from) * to));
    }
    await this.sessions.setValues(values);
    let loss = 0;
    for (const [index, batch] of batches.entries()) {
      onBatch(this.done++);
      loss += await this.sessions.accumulate(batch, index === 0);
    }
    onLoss(loss);
    const gradients = await this.sessions.gradients();
    return new Map(
      modules.map((module) => [module.path, need(gradients, factorName(module, wanted))] as const),
    );
  }
}

/** A LoRA's factors: one is given in a product, of the other the gradient is wanted. */
type LoraFactor = 'lora_A' | 'lora_B';

/** The sessions of a product are never asked for an update. */
const NO_UPDATE: AdamSettings = { beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, maxGradNorm: null };

/** The form of the products' graph: LoRAs of scale 1 with given ranks, of which both factors are differentiated for. */
export function productAdapters(
  modules: readonly LinearModule[],
  rankOf: (module: LinearModule) => number,
): { readonly adapters: ReadonlyMap<string, ModuleAdapter>; readonly parameters: readonly Parameter[] } {
  const adapters = new Map<string, ModuleAdapter>();
  const parameters: Parameter[] = [];
  const method = adapterMethods.lora;
  for (const module of modules) {
    const rank = rankOf(module);
    const settings = { ...PLAIN, rank, alpha: rank };
    adapters.set(module.path, { module, method, settings });
    for (const { name, shape } of method.factors(module, settings)) {
      parameters.push({ name: factorName(module, name), shape, decay: false });
    }
  }
  return { adapters, parameters };
}

/** Nothing of this changes what a LoRA computes. */
const PLAIN: Omit<AdapterSettings, 'rank' | 'alpha'> = {
  balance: false,
  coreOnly: false,
  basis: 'weights',
  dropout: 0,
};

function need(matrices: Matrices, name: string): Float32Array {
  const matrix = matrices.get(name);
  if (matrix === undefined) throw new GraphError({ what: 'a product lacks a matrix', tensor: name });
  return matrix;
}
