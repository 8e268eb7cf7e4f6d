import { GraphError } from '../../base/errors';
import { reshape, slice } from '../graph/builder';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/types';

/** One trainable tensor. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Whether weight decay applies: not to biases and norms, as in Hugging Face's Trainer. */
  readonly decay: boolean;
}

/**
 * Trainable tensors as the optimiser sees them: flat vectors. Small tensors are packed into one, so that an update is
 * a dozen operators and not a dozen for each of hundreds of tensors; a large one is a slab of its own and is never
 * copied.
 */
export interface Slab {
  readonly name: string;
  /** In elements. */
  readonly size: number;
  readonly decay: boolean;
  readonly entries: readonly SlabEntry[];
}

interface SlabEntry {
  readonly parameter: Parameter;
  /** In elements, from the slab's start. */
  readonly offset: number;
  readonly size: number;
}

/** From this many elements on a tensor is a slab of its own, and a pack is full. */
const LARGE = 1 << 18;

/**
 * Packs parameters, in their order, into slabs: deterministic, so that a checkpoint's slabs fit again. Packs are of
 * bounded size, since an update holds several temporaries of a slab's size at once.
 */
export function planSlabs(parameters: readonly Parameter[]): readonly Slab[] {
  return [true, false].flatMap((decay) =>
    planGroup(
      parameters.filter((parameter) => parameter.decay === decay),
      decay,
    ),
  );
}

function planGroup(parameters: readonly Parameter[], decay: boolean): readonly Slab[] {
  const alone: Slab[] = [];
  const packs: Slab[] = [];
  let entries: SlabEntry[] = [];
  let offset = 0;
  const close = (): void => {
    if (entries.length === 0) return;
    const number = packs.length === 0 ? '' : `_${packs.length}`;
    const name = `${decay ? 'packed' : 'packed_no_decay'}${number}`;
    packs.push({ name, size: offset, decay, entries });
    entries = [];
    offset = 0;
  };
  for (const parameter of parameters) {
    const { name, shape } = parameter;
    const size = shape.reduce((product, dim) => product * dim, 1);
    if (size >= LARGE) {
      alone.push({ name, size, decay, entries: [{ parameter, offset: 0, size }] });
      continue;
    }
    entries.push({ parameter, offset, size });
    offset += size;
    if (offset >= LARGE) close();
  }
  close();
  return [...alone, ...packs];
}

/** Numbers in all slabs. */
export function slabsSize(slabs: readonly Slab[]): number {
  return slabs.reduce((sum, slab) => sum + slab.size, 0);
}

/** Names under which a slab goes in and out of step graphs. */
export const slabNames = {
  parameter: (slab: Slab): string => `parameter:${slab.name}`,
  gradient: (slab: Slab): string => `gradient:${slab.name}`,
  newGradient: (slab: Slab): string => `new_gradient:${slab.name}`,
} as const;

/** Declares slabs as inputs of a graph and hands out their parameters, sliced and in shape. */
export function declareParameters(graph: Graph, slabs: readonly Slab[]): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  for (const slab of slabs) {
    const whole = graph.input(slabNames.parameter(slab), 'f32', [slab.size]);
    for (const { parameter, offset, size } of slab.entries) {
      const value = graph.scoped('parameters', () => {
        const part = size === slab.size ? whole : slice(graph, whole, 0, offset, offset + size);
        return reshape(graph, part, parameter.shape, parameter.name);
      });
      values.set(parameter.name, value);
    }
  }
  return values;
}

/** Writes tensors into the slabs' host arrays. */
export function packSlab(slab: Slab, tensor: (name: string) => Float32Array): Float32Array {
  const out = new Float32Array(slab.size);
  for (const { parameter, offset, size } of slab.entries) {
    const data = tensor(parameter.name);
    if (data.length !== size) {
      throw new GraphError({
        what: 'the tensor has the wrong size for its slab',
        tensor: parameter.name,
        got: String(data.length),
        expected: String(size),
      });
    }
    out.set(data, offset);
  }
  return out;
}

/** The inverse of `packSlab`: views into `data`, by name. */
export function unpackSlab(slab: Slab, data: Float32Array): ReadonlyMap<string, Float32Array> {
  return new Map(
    slab.entries.map(({ parameter, offset, size }) => [parameter.name, data.subarray(offset, offset + size)]),
  );
}
