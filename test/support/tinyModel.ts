import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { RandomStream } from '../../src/base/random';
import { layoutBatch, type CausalBatch } from '../../src/data/batch/layout';
import type { TokenRow } from '../../src/data/batch/tokenRow';
import type { HostTensor } from '../../src/engine/graph/types';
import type { DecoderConfig } from '../../src/engine/models/config';
import { weightSpecs } from '../../src/engine/models/modules';
import { buildLogitsGraph, LOGITS, type GraphSpec } from '../../src/engine/training/stepGraph';
import { readSafetensorsHeader } from '../../src/weights/safetensors/header';
import { writeSafetensors } from '../../src/weights/safetensors/write';
import { InterpreterRuntime } from './interpreter/runtime';

/** Numbers of a decoder that is small enough for the interpreter, with grouped-query attention. */
export function tinyConfig(overrides: Partial<DecoderConfig> = {}): DecoderConfig {
  const layers = overrides.layers ?? 2;
  return {
    family: 'llama',
    layers,
    hiddenSize: 16,
    intermediateSize: 20,
    heads: 4,
    kvHeads: 2,
    headDim: 6,
    vocabSize: 23,
    maxPositions: 16,
    rmsNormEps: 1e-5,
    ropeTheta: 10000,
    ropeScaling: { type: 'default' },
    tiedHead: false,
    biases: { qkv: false, output: false, mlp: false },
    qkNorm: false,
    slidingWindows: Array.from({ length: layers }, () => undefined),
    ...overrides,
  };
}

/** A decoder with random weights, in memory and in a safetensors file. */
export interface TinyModel {
  readonly config: DecoderConfig;
  /** Holds `model.safetensors`; removed after the tests of the file. */
  readonly folder: string;
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly weight: (name: string) => Float32Array;
  readonly locate: GraphSpec['locate'];
}

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** An empty folder that is removed after the tests of the file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'eigenloom-tiny-'));
  folders.push(folder);
  return folder;
}

export async function tinyModel(overrides: Partial<DecoderConfig> = {}, seed = 1): Promise<TinyModel> {
  const config = tinyConfig(overrides);
  const folder = await temporaryFolder();
  const weights = new Map<string, Float32Array>();
  for (const { name, shape } of weightSpecs(config)) {
    const random = new RandomStream(seed, name);
    const count = shape.reduce((product, dim) => product * dim, 1);
    const scale = shape.length === 1 ? 0.2 : name.includes('embed') ? 1 : 1.2 / Math.sqrt(shape[1] ?? 1);
    const data = random.normals(count, scale);
    weights.set(name, name.endsWith('norm.weight') ? data.map((value) => 1 + value) : data);
  }
  const weight = (name: string): Float32Array => weights.get(name) ?? fail(`no weight ${name}`);
  const file = 'model.safetensors';
  await writeSafetensors(
    join(folder, file),
    weightSpecs(config).map(({ name, shape }) => ({ name, shape, dtype: 'F32', data: weight(name) })),
  );
  const { tensors } = await readSafetensorsHeader(join(folder, file));
  const locate: GraphSpec['locate'] = (name) => {
    const { offset, length } = tensors.get(name) ?? fail(`no weight ${name}`);
    return { file, offset, length };
  };
  return { config, folder, weights, weight, locate };
}

function fail(message: string): never {
  throw new Error(message);
}

/** The spec of a graph over a tiny model, by default the base model's. */
export function tinySpec(model: TinyModel, parts: Partial<GraphSpec> = {}): GraphSpec {
  return {
    config: model.config,
    adapters: new Map(),
    slabs: [],
    locate: model.locate,
    positions: model.config.maxPositions,
    chunks: 2,
    recompute: 'none',
    fuseTranspose: false,
    ...parts,
  };
}

let numbered = 0;

/** A sample; every token after the first is a label unless `supervised` says otherwise. */
export function sample(ids: readonly number[], supervised: readonly number[] = ids.map(() => 1)): TokenRow {
  return { ids: Int32Array.from(ids), supervised: Uint8Array.from(supervised), index: numbered++ };
}

/** Reproducible token numbers below the vocabulary's size. */
export function tokens(config: DecoderConfig, count: number, seed = 5): number[] {
  const random = new RandomStream(seed, 'tokens');
  return Array.from({ length: count }, () => random.below(config.vocabSize));
}

/** Lays samples out for a model: one inner list is one row of the padded form. */
export function tinyBatch(
  config: DecoderConfig,
  rows: readonly (readonly TokenRow[])[],
  options: { readonly chunks?: number; readonly lossWeight?: number } = {},
): CausalBatch {
  return layoutBatch(rows, {
    heads: config.heads,
    kvHeads: config.kvHeads,
    chunks: options.chunks ?? 2,
    lossWeight: options.lossWeight ?? 1,
    slidingWindow: config.slidingWindows[0],
  });
}

/** Logits of each supervised position in the batch's order, computed in f64 by the interpreter. */
export async function tinyLogits(
  model: TinyModel,
  batch: CausalBatch,
  spec: GraphSpec = tinySpec(model),
  feeds: Readonly<Record<string, HostTensor>> = {},
): Promise<readonly Float64Array[]> {
  const session = await new InterpreterRuntime('f64').createSession(buildLogitsGraph(spec), {
    label: 'logits',
    weightsFolder: model.folder,
  });
  const { host } = await session.run({ ...batch.feeds, ...feeds });
  const flat = Float64Array.from(host[LOGITS]?.data ?? [], Number);
  const { vocabSize } = model.config;
  return Array.from({ length: batch.tokens }, (_, i) => flat.slice(i * vocabSize, (i + 1) * vocabSize));
}

/** Largest difference of two lists of numbers; NaN or Infinity where their lengths or a number do not fit. */
export function worstDifference(a: Iterable<number>, b: Iterable<number>): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  if (left.length !== right.length) return Infinity;
  let worst = 0;
  for (const [i, value] of left.entries()) {
    const difference = Math.abs(value - (right[i] ?? NaN));
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

/** `worstDifference` over lists of rows. */
export function worstRow(a: readonly Iterable<number>[], b: readonly Iterable<number>[]): number {
  if (a.length !== b.length) return Infinity;
  return a.reduce<number>((worst, row, i) => {
    const difference = worstDifference(row, b[i] ?? []);
    return difference <= worst ? worst : difference;
  }, 0);
}
