import { GraphError } from '../../base/errors';
import type { AdapterSettings } from '../adapters/method';
import { adapterMethods } from '../adapters/registry';
import type { Runtime } from '../graph/runtime';
import type { HostTensor } from '../graph/types';
import type { LinearModule } from '../models/modules';
import type { ImplicitMatrices, Matrices } from '../spectra/implicitSvd';
import type { Parameter } from './parameters';
import { factorName, type GraphSpec, type ModuleAdapter } from './stepGraph';
import { initialState, TrainingSessions, type ParameterState } from './trainingSessions';
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
 * graph gives both, from the loss's own backward pass, at the cost of adapters.
 *
 * Each product loads a session of its own and gives it back: their memory is not held beside each other.
 */
export class GradientProducts implements ImplicitMatrices {
  private done = 0;

  constructor(private readonly source: GradientSource) {}

  /** G X^T for X [q, inputs], by module path. */
  times(x: Matrices): Promise<Matrices> {
    return this.pass('lora_A', 'lora_B', x);
  }

  /** X^T G for X [outputs, q], by module path. */
  adjointTimes(x: Matrices): Promise<Matrices> {
    return this.pass('lora_B', 'lora_A', x);
  }

  private async pass(given: LoraFactor, wanted: LoraFactor, x: Matrices): Promise<Matrices> {
    const { runtime, weightsFolder, batches, onBatch, onLoss } = this.source;
    const rankOf = (module: LinearModule): number =>
      need(x, module).length / (given === 'lora_A' ? module.inputs : module.outputs);
    const { adapters, parameters } = productAdapters(this.source.modules, wanted, rankOf);
    const spec = { ...this.source.spec, adapters };
    const frozen = new Map(
      this.source.modules.map((module) => [factorName(module, given), need(x, module)] as const),
    );
    const state = new Map<string, ParameterState>();
    for (const { name, shape } of parameters) state.set(name, initialState(zeros(shape)));
    const setup = { spec, parameters, adam: NO_UPDATE, maskable: new Set<string>(), weightsFolder };
    const sessions = await TrainingSessions.create(runtime, setup, state, frozen);
    try {
      let loss = 0;
      for (const [index, batch] of batches.entries()) {
        onBatch(this.done++);
        loss += await sessions.accumulate(batch, index === 0);
      }
      onLoss(loss);
      const gradients = await sessions.gradients();
      return new Map(
        this.source.modules.map((module) => {
          const product = gradients.get(factorName(module, wanted));
          if (product === undefined)
            throw new GraphError({ what: 'no product came of the gradient', tensor: module.path });
          return [module.path, product] as const;
        }),
      );
    } finally {
      await sessions.dispose();
    }
  }
}

/** A LoRA's factors: what is given in a product, and what its gradient is wanted of. */
type LoraFactor = 'lora_A' | 'lora_B';

/** The sessions of a product are never asked for an update. */
const NO_UPDATE: AdamSettings = { beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, maxGradNorm: null };

/** The form of a product's graph: LoRAs of scale 1 with given ranks, of which one factor is differentiated for. */
export function productAdapters(
  modules: readonly LinearModule[],
  wanted: LoraFactor,
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
      if (name === wanted) parameters.push({ name: factorName(module, name), shape, decay: false });
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

function need(matrices: Matrices, { path }: LinearModule): Float32Array {
  const matrix = matrices.get(path);
  if (matrix === undefined) throw new GraphError({ what: 'a product lacks a matrix', tensor: path });
  return matrix;
}

function zeros(shape: readonly number[]): Float32Array {
  return new Float32Array(shape.reduce((product, size) => product * size, 1));
}
