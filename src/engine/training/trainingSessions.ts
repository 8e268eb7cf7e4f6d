import { GraphError } from '../../base/errors';
import type { DeviceTensor, RunResult, Runtime, Session } from '../graph/runtime';
import type { HostTensor } from '../graph/types';
import { packSlab, planSlabs, slabNames, unpackSlab, type Parameter, type Slab } from './parameters';
import { buildStepGraph, frozenFactors, LOSS, type GraphSpec } from './stepGraph';
import { buildUpdateGraph, GRAD_NORM, updateScalars, type AdamSettings } from './updateGraph';

/** One trainable tensor with its optimiser state, in host memory: what a checkpoint holds. */
export interface ParameterState {
  readonly value: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
}

/** Name -> state, for every trainable parameter. */
export type TrainingState = ReadonlyMap<string, ParameterState>;

/** A parameter at its start: both moments are zero. */
export function initialState(value: Float32Array): ParameterState {
  return { value, firstMoment: new Float32Array(value.length), secondMoment: new Float32Array(value.length) };
}

export interface TrainingSetup {
  readonly spec: Omit<GraphSpec, 'slabs'>;
  readonly parameters: readonly Parameter[];
  readonly adam: AdamSettings;
  /** Parameters whose numbers may stop being updated one by one (see `setMask`). */
  readonly maskable: ReadonlySet<string>;
  readonly weightsFolder: string;
}

/**
 * Step and update sessions with everything they pass to each other: parameters, moments and gradient accumulators
 * stay on the runtime's device from step to step; only the batch goes in and the loss and the norm come out.
 */
export class TrainingSessions {
  private readonly tensors = new Map<string, DeviceTensor>();
  private readonly zeros = new Map<Slab, DeviceTensor>();
  private readonly frozen = new Map<string, DeviceTensor>();
  private readonly masks = new Map<Slab, Float32Array>();

  private constructor(
    private readonly runtime: Runtime,
    readonly slabs: readonly Slab[],
    private readonly masked: ReadonlySet<Slab>,
    readonly step: Session,
    readonly update: Session,
    private readonly adam: AdamSettings,
  ) {}

  /**
   * Builds and loads both graphs and uploads the state. `frozen` gives every factor that is not trained, by name.
   */
  static async create(
    runtime: Runtime,
    setup: TrainingSetup,
    state: TrainingState,
    frozen: ReadonlyMap<string, Float32Array>,
  ): Promise<TrainingSessions> {
    const slabs = planSlabs(setup.parameters);
    const spec: GraphSpec = { ...setup.spec, slabs };
    const masked = new Set(
      slabs.filter((slab) => slab.entries.some(({ parameter }) => setup.maskable.has(parameter.name))),
    );
    const step = await runtime.createSession(buildStepGraph(spec), {
      label: 'step',
      weightsFolder: setup.weightsFolder,
      keepOnDevice: slabs.map(slabNames.newGradient),
    });
    const update = await runtime.createSession(buildUpdateGraph(slabs, setup.adam, masked), {
      label: 'update',
      transient: true,
      keepOnDevice: slabs.flatMap((slab) => [
        slabNames.newParameter(slab),
        slabNames.newFirstMoment(slab),
        slabNames.newSecondMoment(slab),
      ]),
    });
    const sessions = new TrainingSessions(runtime, slabs, masked, step, update, setup.adam);
    await sessions.load(state);
    for (const { name, shape } of frozenFactors(spec.adapters.values(), slabs)) {
      const data = frozen.get(name);
      if (data === undefined) throw new GraphError({ what: 'a frozen factor is missing', tensor: name });
      sessions.frozen.set(name, await runtime.upload({ dtype: 'f32', shape, data }));
    }
    return sessions;
  }

  private async load(state: TrainingState): Promise<void> {
    for (const slab of this.slabs) {
      const upload = async (name: string, part: (state: ParameterState) => Float32Array): Promise<void> => {
        const data = packSlab(slab, (parameter) => part(stateOf(state, parameter)));
        this.replace(name, await this.runtime.upload({ dtype: 'f32', shape: slab.shape, data }));
      };
      await upload(slabNames.parameter(slab), (s) => s.value);
      await upload(slabNames.firstMoment(slab), (s) => s.firstMoment);
      await upload(slabNames.secondMoment(slab), (s) => s.secondMoment);
      const zero = { dtype: 'f32', shape: slab.shape, data: new Float32Array(slab.size) } as const;
      this.zeros.set(slab, await this.runtime.upload(zero));
      if (this.masked.has(slab)) await this.uploadMask(slab, new Float32Array(slab.size).fill(1));
    }
  }

  /**
   * Says which numbers of a maskable parameter are still updated: `fill` writes 0 or 1 into its mask.
   */
  async setMasks(fill: (parameter: string, mask: Float32Array) => void): Promise<void> {
    for (const slab of this.masked) {
      const mask = this.masks.get(slab);
      if (mask === undefined) continue;
      const before = mask.slice();
      for (const { parameter, offset, size } of slab.entries) {
        fill(parameter.name, mask.subarray(offset, offset + size));
      }
      if (mask.some((value, i) => value !== before[i])) await this.uploadMask(slab, mask);
    }
  }

  private async uploadMask(slab: Slab, mask: Float32Array): Promise<void> {
    this.masks.set(slab, mask);
    this.replace(
      slabNames.mask(slab),
      await this.runtime.upload({ dtype: 'f32', shape: slab.shape, data: mask }),
    );
  }

  /** Numbers that the next update changes. */
  trainable(): number {
    return this.slabs.reduce((sum, slab) => {
      const mask = this.masks.get(slab);
      return sum + (mask === undefined ? slab.size : mask.reduce((count, value) => count + value, 0));
    }, 0);
  }

  /**
   * Forward and backward of one micro-batch: adds its gradients to the accumulators and returns its part of the
   * loss. The first micro-batch of an optimiser step starts the accumulators from zero.
   */
  async accumulate(batch: Readonly<Record<string, HostTensor>>, first: boolean): Promise<number> {
    const feeds: Record<string, HostTensor | DeviceTensor> = { ...batch, ...Object.fromEntries(this.frozen) };
    for (const slab of this.slabs) {
      const name = slabNames.parameter(slab);
      feeds[name] = this.tensor(name);
      const accumulator = slabNames.gradient(slab);
      feeds[accumulator] = first ? this.zero(slab) : this.tensor(accumulator);
    }
    const result = await this.step.run(feeds);
    for (const slab of this.slabs) {
      this.replace(slabNames.gradient(slab), deviceOutput(result, slabNames.newGradient(slab)));
    }
    return scalar(result, LOSS);
  }

  /**
   * The optimiser's step `step` (1-based) with the accumulated gradients; returns their global norm before clipping.
   */
  async applyUpdate(learningRate: number, step: number): Promise<number> {
    const feeds: Record<string, HostTensor | DeviceTensor> = {};
    for (const [name, value] of Object.entries<number>({ ...updateScalars(this.adam, learningRate, step) })) {
      feeds[name] = { dtype: 'f32', shape: [], data: Float32Array.of(value) };
    }
    for (const slab of this.slabs) {
      for (const name of [
        slabNames.parameter(slab),
        slabNames.gradient(slab),
        slabNames.firstMoment(slab),
        slabNames.secondMoment(slab),
        ...(this.masked.has(slab) ? [slabNames.mask(slab)] : []),
      ]) {
        feeds[name] = this.tensor(name);
      }
    }
    const result = await this.update.run(feeds);
    for (const slab of this.slabs) {
      this.replace(slabNames.parameter(slab), deviceOutput(result, slabNames.newParameter(slab)));
      this.replace(slabNames.firstMoment(slab), deviceOutput(result, slabNames.newFirstMoment(slab)));
      this.replace(slabNames.secondMoment(slab), deviceOutput(result, slabNames.newSecondMoment(slab)));
    }
    return scalar(result, GRAD_NORM);
  }

  /** The accumulated gradients, by parameter; for tests and pictures. */
  async gradients(): Promise<ReadonlyMap<string, Float32Array>> {
    const gradients = new Map<string, Float32Array>();
    for (const slab of this.slabs) {
      for (const [name, data] of unpackSlab(slab, await this.read(slabNames.gradient(slab))))
        gradients.set(name, data);
    }
    return gradients;
  }

  /** Current values alone, by parameter. */
  async values(): Promise<ReadonlyMap<string, Float32Array>> {
    const values = new Map<string, Float32Array>();
    for (const slab of this.slabs) {
      for (const [name, data] of unpackSlab(slab, await this.read(slabNames.parameter(slab))))
        values.set(name, data);
    }
    return values;
  }

  /** Feeds of an evaluation graph of the same form: parameters and frozen factors as they are now. */
  modelFeeds(): Readonly<Record<string, DeviceTensor>> {
    const feeds: Record<string, DeviceTensor> = Object.fromEntries(this.frozen);
    for (const slab of this.slabs) feeds[slabNames.parameter(slab)] = this.tensor(slabNames.parameter(slab));
    return feeds;
  }

  /** Everything a checkpoint needs, read back from the device. */
  async state(): Promise<TrainingState> {
    const state = new Map<string, ParameterState>();
    for (const slab of this.slabs) {
      const value = unpackSlab(slab, await this.read(slabNames.parameter(slab)));
      const first = unpackSlab(slab, await this.read(slabNames.firstMoment(slab)));
      const second = unpackSlab(slab, await this.read(slabNames.secondMoment(slab)));
      for (const { parameter } of slab.entries) {
        const { name } = parameter;
        state.set(name, {
          value: part(value, name),
          firstMoment: part(first, name),
          secondMoment: part(second, name),
        });
      }
    }
    return state;
  }

  async dispose(): Promise<void> {
    for (const tensor of [...this.tensors.values(), ...this.zeros.values(), ...this.frozen.values()])
      tensor.dispose();
    this.tensors.clear();
    this.zeros.clear();
    this.frozen.clear();
    await this.step.dispose();
    await this.update.dispose();
  }

  private tensor(name: string): DeviceTensor {
    const tensor = this.tensors.get(name);
    if (tensor === undefined)
      throw new GraphError({ what: 'the training state has no such tensor', tensor: name });
    return tensor;
  }

  private zero(slab: Slab): DeviceTensor {
    const zero = this.zeros.get(slab);
    if (zero === undefined) throw new GraphError({ what: 'the slab has no zeros', tensor: slab.name });
    return zero;
  }

  private replace(name: string, tensor: DeviceTensor): void {
    this.tensors.get(name)?.dispose();
    this.tensors.set(name, tensor);
  }

  private async read(name: string): Promise<Float32Array> {
    const { data } = await this.runtime.download(this.tensor(name));
    if (!(data instanceof Float32Array))
      throw new GraphError({ what: 'the tensor is not f32', tensor: name });
    return data;
  }
}

function stateOf(state: TrainingState, name: string): ParameterState {
  const found = state.get(name);
  if (found === undefined)
    throw new GraphError({ what: 'the training state lacks a parameter', tensor: name });
  return found;
}

function part(parts: ReadonlyMap<string, Float32Array>, name: string): Float32Array {
  const found = parts.get(name);
  if (found === undefined) throw new GraphError({ what: 'the slab lacks a parameter', tensor: name });
  return found;
}

function deviceOutput(result: RunResult, name: string): DeviceTensor {
  const tensor = result.device[name];
  if (tensor === undefined)
    throw new GraphError({ what: 'the session did not return an output', tensor: name });
  return tensor;
}

/** A scalar output as a number. */
export function scalar(result: RunResult, name: string): number {
  const value = result.host[name]?.data[0];
  if (typeof value !== 'number')
    throw new GraphError({ what: 'the session did not return a number', tensor: name });
  return value;
}
