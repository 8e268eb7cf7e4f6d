import { GraphError } from '../../base/errors';
import type { DeviceTensor, RunResult, Runtime, Session } from '../graph/runtime';
import type { HostTensor } from '../graph/types';
import { packSlab, planSlabs, slabNames, unpackSlab, type Parameter, type Slab } from './parameters';
import { ACCUMULATE, buildStepGraph, frozenFactors, LOSS, type GraphSpec } from './stepGraph';
import {
  buildNormGraph,
  buildUpdateGraph,
  GRAD_NORM,
  maskName,
  updateNames,
  updateScalars,
  type AdamSettings,
  type UpdateMoment,
} from './updateGraph';

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

/** A slab's numbers on the device. */
interface SlabTensors {
  parameter: DeviceTensor;
  firstMoment: DeviceTensor;
  secondMoment: DeviceTensor;
  /** Accumulated so far in this optimiser step; undefined between an update and the next micro-batch. */
  gradient?: DeviceTensor | undefined;
}

/** Which numbers of a slab are updated: 1, or 0. */
interface Mask {
  readonly host: Float32Array;
  device: DeviceTensor;
}

interface Sessions {
  readonly step: Session;
  readonly norm: Session;
  /** Updates of slabs without and with a mask; made where there is one. */
  readonly update: Session | undefined;
  readonly maskedUpdate: Session | undefined;
}

/**
 * Step and update sessions with everything they pass to each other: parameters, moments and gradient accumulators
 * stay on the runtime's device from step to step; only the batch goes in and the loss and the norm come out.
 */
export class TrainingSessions {
  private readonly tensors = new Map<Slab, SlabTensors>();
  private readonly frozen = new Map<string, DeviceTensor>();
  private readonly masks = new Map<Slab, Mask>();

  private constructor(
    private readonly runtime: Runtime,
    readonly slabs: readonly Slab[],
    private readonly sessions: Sessions,
    private readonly adam: AdamSettings,
  ) {}

  /**
   * Builds and loads the graphs and uploads the state. `frozen` gives every factor that is not trained, by name.
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
    const sessions = new TrainingSessions(
      runtime,
      slabs,
      await createSessions(runtime, spec, setup, masked),
      setup.adam,
    );
    for (const slab of slabs) await sessions.load(slab, state, masked.has(slab));
    for (const { name, shape } of frozenFactors(spec.adapters.values(), slabs)) {
      const data = frozen.get(name);
      if (data === undefined) throw new GraphError({ what: 'a frozen factor is missing', tensor: name });
      sessions.frozen.set(name, await runtime.upload({ dtype: 'f32', shape, data }));
    }
    return sessions;
  }

  private async load(slab: Slab, state: TrainingState, masked: boolean): Promise<void> {
    const packed = (part: (state: ParameterState) => Float32Array): Promise<DeviceTensor> =>
      this.upload(
        packSlab(slab, (parameter) => part(stateOf(state, parameter))),
        true,
      );
    this.tensors.set(slab, {
      parameter: await packed(({ value }) => value),
      firstMoment: await packed(({ firstMoment }) => firstMoment),
      secondMoment: await packed(({ secondMoment }) => secondMoment),
    });
    if (!masked) return;
    const host = new Float32Array(slab.size).fill(1);
    this.masks.set(slab, { host, device: await this.upload(host) });
  }

  /** Every session, by name: where its nodes were placed is known once it has run. */
  named(): readonly { readonly name: string; readonly session: Session }[] {
    const { step, norm, update, maskedUpdate } = this.sessions;
    return [
      { name: 'step', session: step },
      { name: 'norm', session: norm },
      ...(update === undefined ? [] : [{ name: 'update', session: update }]),
      ...(maskedUpdate === undefined ? [] : [{ name: 'masked update', session: maskedUpdate }]),
    ];
  }

  /**
   * Says which numbers of a maskable parameter are still updated: `fill` writes 0 or 1 into its mask.
   */
  async setMasks(fill: (parameter: string, mask: Float32Array) => void): Promise<void> {
    for (const [slab, mask] of this.masks) {
      const before = mask.host.slice();
      for (const { parameter, offset, size } of slab.entries) {
        fill(parameter.name, mask.host.subarray(offset, offset + size));
      }
      if (mask.host.every((value, i) => value === before[i])) continue;
      mask.device.dispose();
      mask.device = await this.upload(mask.host);
    }
  }

  /** Numbers that the next update changes. */
  trainable(): number {
    return this.slabs.reduce((sum, slab) => {
      const mask = this.masks.get(slab);
      return sum + (mask === undefined ? slab.size : mask.host.reduce((count, value) => count + value, 0));
    }, 0);
  }

  /**
   * Forward and backward of one micro-batch: adds its gradients to the accumulators and returns its part of the
   * loss. The first micro-batch of an optimiser step starts the accumulators anew.
   */
  async accumulate(batch: Readonly<Record<string, HostTensor>>, first: boolean): Promise<number> {
    const feeds: Record<string, HostTensor | DeviceTensor> = {
      ...batch,
      ...this.modelFeeds(),
      [ACCUMULATE]: scalarTensor(first ? 0 : 1),
    };
    for (const [slab, tensors] of this.tensors) {
      if (first) dropGradient(tensors);
      // What is multiplied by 0 need only be finite and of the right size: no slab of zeros has to be kept for it.
      feeds[slabNames.gradient(slab)] = tensors.gradient ?? tensors.parameter;
    }
    const result = await this.sessions.step.run(feeds);
    for (const [slab, tensors] of this.tensors) {
      dropGradient(tensors);
      tensors.gradient = deviceOutput(result, slabNames.newGradient(slab));
    }
    return scalar(result, LOSS);
  }

  /**
   * The optimiser's step `step` (1-based) with the accumulated gradients; returns their global norm before clipping.
   */
  async applyUpdate(learningRate: number, step: number): Promise<number> {
    const gradNorm = await this.gradientNorm();
    for (const [slab, tensors] of this.tensors)
      await this.updateSlab(slab, tensors, { learningRate, step, gradNorm });
    return gradNorm;
  }

  private async gradientNorm(): Promise<number> {
    const feeds: Record<string, DeviceTensor> = {};
    for (const [slab, tensors] of this.tensors) feeds[slabNames.gradient(slab)] = gradientOf(slab, tensors);
    for (const [slab, { device }] of this.masks) feeds[maskName(slab)] = device;
    return scalar(await this.sessions.norm.run(feeds), GRAD_NORM);
  }

  private async updateSlab(slab: Slab, tensors: SlabTensors, moment: UpdateMoment): Promise<void> {
    const mask = this.masks.get(slab);
    const session = mask === undefined ? this.sessions.update : this.sessions.maskedUpdate;
    if (session === undefined) throw new GraphError({ what: 'the slab has no update', tensor: slab.name });
    const scalars = Object.entries<number>({ ...updateScalars(this.adam, moment, slab.decay) });
    const result = await session.run({
      ...Object.fromEntries(scalars.map(([name, value]) => [name, scalarTensor(value)])),
      [updateNames.parameter]: tensors.parameter,
      [updateNames.gradient]: gradientOf(slab, tensors),
      [updateNames.firstMoment]: tensors.firstMoment,
      [updateNames.secondMoment]: tensors.secondMoment,
      ...(mask === undefined ? {} : { [updateNames.mask]: mask.device }),
    });
    disposeAll(tensors);
    this.tensors.set(slab, {
      parameter: deviceOutput(result, updateNames.newParameter),
      firstMoment: deviceOutput(result, updateNames.newFirstMoment),
      secondMoment: deviceOutput(result, updateNames.newSecondMoment),
    });
  }

  /** The accumulated gradients, by parameter, until the next update; for tests and pictures. */
  async gradients(): Promise<ReadonlyMap<string, Float32Array>> {
    return this.byParameter((slab, tensors) => gradientOf(slab, tensors));
  }

  /** Replaces the values of all parameters; moments and accumulators stay as they are. */
  async setValues(values: ReadonlyMap<string, Float32Array>): Promise<void> {
    for (const [slab, tensors] of this.tensors) {
      const packed = packSlab(slab, (parameter) => part(values, parameter));
      tensors.parameter.dispose();
      tensors.parameter = await this.upload(packed, true);
    }
  }

  /** Current values alone, by parameter. */
  async values(): Promise<ReadonlyMap<string, Float32Array>> {
    return this.byParameter((_, { parameter }) => parameter);
  }

  /**
   * Reads one parameter after the other as they are now; undefined for what is none. A slab is read back when one of its
   * parameters is asked for, and only the last one is kept: ask in the parameters' order.
   */
  reader(): (name: string) => Promise<Float32Array | undefined> {
    const owners = new Map(
      this.slabs.flatMap((slab) => slab.entries.map(({ parameter }) => [parameter.name, slab] as const)),
    );
    let last: { readonly slab: Slab; readonly parts: ReadonlyMap<string, Float32Array> } | undefined;
    return async (name) => {
      const slab = owners.get(name);
      if (slab === undefined) return undefined;
      if (last?.slab !== slab) {
        last = undefined;
        last = { slab, parts: await this.download(slab, this.tensorsOf(slab).parameter) };
      }
      return last.parts.get(name);
    };
  }

  /** Feeds of an evaluation graph of the same form: parameters and frozen factors as they are now. */
  modelFeeds(): Readonly<Record<string, DeviceTensor>> {
    const feeds: Record<string, DeviceTensor> = Object.fromEntries(this.frozen);
    for (const slab of this.slabs) feeds[slabNames.parameter(slab)] = this.tensorsOf(slab).parameter;
    return feeds;
  }

  /** Everything a checkpoint needs, read back from the device. */
  async state(): Promise<TrainingState> {
    const values = await this.values();
    const first = await this.byParameter((_, { firstMoment }) => firstMoment);
    const second = await this.byParameter((_, { secondMoment }) => secondMoment);
    return new Map(
      [...values].map(([name, value]) => [
        name,
        { value, firstMoment: part(first, name), secondMoment: part(second, name) },
      ]),
    );
  }

  async dispose(): Promise<void> {
    for (const tensors of this.tensors.values()) disposeAll(tensors);
    for (const { device } of this.masks.values()) device.dispose();
    for (const tensor of this.frozen.values()) tensor.dispose();
    this.tensors.clear();
    this.masks.clear();
    this.frozen.clear();
    for (const { session } of this.named()) await session.dispose();
  }

  private tensorsOf(slab: Slab): SlabTensors {
    const tensors = this.tensors.get(slab);
    if (tensors === undefined)
      throw new GraphError({ what: 'the training state has no such slab', tensor: slab.name });
    return tensors;
  }

  private upload(data: Float32Array, transfer = false): Promise<DeviceTensor> {
    return this.runtime.upload({ dtype: 'f32', shape: [data.length], data }, transfer);
  }

  /** One tensor of every slab, read back and taken apart. */
  private async byParameter(
    pick: (slab: Slab, tensors: SlabTensors) => DeviceTensor,
  ): Promise<ReadonlyMap<string, Float32Array>> {
    const parts = new Map<string, Float32Array>();
    for (const slab of this.slabs) {
      const read = await this.download(slab, pick(slab, this.tensorsOf(slab)));
      for (const [name, values] of read) parts.set(name, values);
    }
    return parts;
  }

  private async download(slab: Slab, tensor: DeviceTensor): Promise<ReadonlyMap<string, Float32Array>> {
    const { data } = await this.runtime.download(tensor);
    if (!(data instanceof Float32Array))
      throw new GraphError({ what: 'the tensor is not f32', tensor: slab.name });
    return unpackSlab(slab, data);
  }
}

async function createSessions(
  runtime: Runtime,
  spec: GraphSpec,
  { adam, weightsFolder }: TrainingSetup,
  masked: ReadonlySet<Slab>,
): Promise<Sessions> {
  const step = await runtime.createSession(buildStepGraph(spec), {
    label: 'step',
    weightsFolder,
    keepOnDevice: spec.slabs.map(slabNames.newGradient),
  });
  const norm = await runtime.createSession(buildNormGraph(spec.slabs, masked), {
    label: 'norm',
    transient: true,
  });
  const update = (label: string, withMask: boolean): Promise<Session> =>
    runtime.createSession(buildUpdateGraph(adam, withMask), {
      label,
      transient: true,
      keepOnDevice: [updateNames.newParameter, updateNames.newFirstMoment, updateNames.newSecondMoment],
    });
  return {
    step,
    norm,
    update: masked.size < spec.slabs.length ? await update('update', false) : undefined,
    maskedUpdate: masked.size > 0 ? await update('masked update', true) : undefined,
  };
}

function dropGradient(tensors: SlabTensors): void {
  tensors.gradient?.dispose();
  tensors.gradient = undefined;
}

function disposeAll(tensors: SlabTensors): void {
  dropGradient(tensors);
  tensors.parameter.dispose();
  tensors.firstMoment.dispose();
  tensors.secondMoment.dispose();
}

function gradientOf(slab: Slab, { gradient }: SlabTensors): DeviceTensor {
  if (gradient === undefined)
    throw new GraphError({ what: 'no gradient was accumulated', tensor: slab.name });
  return gradient;
}

function scalarTensor(value: number): HostTensor {
  return { dtype: 'f32', shape: [], data: Float32Array.of(value) };
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
