import { existsSync } from 'node:fs';
import { InputError } from '../../base/errors';
import { nearest } from '../../base/nearest';
import type { DecoderConfig } from '../../engine/models/config';
import { type LinearModule, linearModules } from '../../engine/models/modules';
import { runPaths } from '../../runs/folder';
import { cacheFolder } from '../../weights/cache';
import { contentHash } from '../../weights/hash';
import { readSafetensors } from '../../weights/safetensors/read';
import type { TensorSource } from '../../weights/source';
import { type RunState, stateOfRun, weightsFileOf } from '../inference/runState';
import type { OpenedModel } from '../training/model';

/** A model's weights, to be compared with another's: a model as it is, or what full fine-tuning has made of one. */
export interface ComparedWeights {
  /** For errors. */
  readonly path: string;
  readonly config: DecoderConfig;
  readonly source: TensorSource;
}

/** Opens the model at a path. */
export type OpenModel = (path: string) => Promise<OpenedModel>;

/**
 * Opens a model, or a run of full fine-tuning. Throws an `InputError` for any other run: its change is known by its
 * adapter, and needs no comparison.
 */
export async function openWeights(path: string, open: OpenModel): Promise<ComparedWeights> {
  if (existsSync(runPaths(path).record)) return weightsOfRun(stateOfRun(path), open);
  const { config, source } = await open(path);
  return { path, config, source };
}

/** The weights that a run of full fine-tuning has come to. Throws an `InputError` for another run. */
export async function weightsOfRun(state: RunState, open: OpenModel): Promise<ComparedWeights> {
  const { run, experiment } = state;
  if (experiment.adapter.method !== 'full') {
    throw new InputError({
      what: 'this run has an adapter, and no weights of its own',
      file: run,
      remedy: 'Look at the spectra of the run itself, or export it with --format merged and compare that.',
    });
  }
  const { config } = await open(experiment.model);
  const file = weightsFileOf(state);
  return {
    path: run,
    config,
    source: {
      contentHash: () => contentHash([file], cacheFolder()),
      readTensor: async (name) => {
        const tensor = (await readSafetensors(file, [name])).get(name);
        if (tensor !== undefined) return tensor.data;
        throw new InputError({ what: 'the result lacks a tensor', file, tensor: name });
      },
    },
  };
}

/** W_tuned - W_base, tensor by tensor: what the one model has learnt beyond the other. */
export class WeightsDifference implements TensorSource {
  constructor(
    readonly base: ComparedWeights,
    readonly tuned: ComparedWeights,
  ) {}

  async contentHash(): Promise<string> {
    return `${await this.tuned.source.contentHash()}-${await this.base.source.contentHash()}`;
  }

  async readTensor(name: string): Promise<Float32Array> {
    const base = await this.base.source.readTensor(name);
    const difference = await this.tuned.source.readTensor(name);
    // Both may be large: the one becomes the result.
    for (let i = 0; i < difference.length; i++) difference[i] = (difference[i] ?? 0) - (base[i] ?? 0);
    return difference;
  }

  /** A linear layer that both have, in the same shape. Throws an `InputError` where they have not. */
  module(path: string): LinearModule {
    const [base, tuned] = [linearLayer(this.base, path), linearLayer(this.tuned, path)];
    if (base.outputs === tuned.outputs && base.inputs === tuned.inputs) return base;
    throw new InputError({
      what: 'the models cannot be compared: a layer has another shape in the one than in the other',
      file: this.tuned.path,
      tensor: base.weight,
      got: `[${tuned.outputs}, ${tuned.inputs}]`,
      expected: `[${base.outputs}, ${base.inputs}], as in ${this.base.path}`,
      remedy: 'Name the model that the other was made from.',
    });
  }
}

/** A linear layer of a model by its path. Throws an `InputError` where there is none. */
function linearLayer(
  { path: file, config }: Pick<ComparedWeights, 'path' | 'config'>,
  path: string,
): LinearModule {
  const modules = linearModules(config);
  const found = modules.find((module) => module.path === path);
  if (found !== undefined) return found;
  const near = nearest(
    path,
    modules.map((module) => module.path),
  );
  throw new InputError({
    what: 'the model has no such linear layer',
    file,
    got: path,
    ...(near === undefined ? {} : { expected: `perhaps '${near}'` }),
  });
}
