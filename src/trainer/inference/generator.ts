import { GraphError } from '../../base/errors';
import { RandomStream } from '../../base/random';
import type { DeviceTensor, Runtime, Session } from '../../engine/graph/runtime';
import type { HostTensor } from '../../engine/graph/types';
import { generationFeeds } from '../../engine/models/generationFeeds';
import { cacheNames } from '../../engine/models/keyValueCache';
import { buildGenerationGraph, LOGITS } from '../../engine/training/stepGraph';
import { TokenStream } from '../../data/text/tokenStream';
import { slidingWindow } from '../training/model';
import { sampleToken } from './sampling';
import { inferenceSpec, type TunedModel } from './tunedModel';

export interface GenerateOptions {
  readonly maxNewTokens: number;
  /** 0: the likeliest token always. */
  readonly temperature: number;
  readonly seed: number;
}

const KINDS = ['key', 'value'] as const;

/** Writes text token by token, with a key-value cache that stays on the device. */
export class Generator {
  private constructor(
    private readonly runtime: Runtime,
    private readonly tuned: TunedModel,
    private readonly session: Session,
    private readonly feeds: Readonly<Record<string, HostTensor>>,
    private readonly capacity: number,
  ) {}

  /**
   * `capacity`: most tokens of prompt and answer together; at most what the model reads. Throws an InputError where
   * the layers of the model see differently far back at that length.
   */
  static async create(runtime: Runtime, tuned: TunedModel, capacity: number): Promise<Generator> {
    const { config } = tuned.model;
    const places = Math.min(capacity, config.maxPositions);
    slidingWindow(config, places, tuned.model.source.path, '--max-new-tokens');
    const { spec, feeds } = inferenceSpec(tuned, places, runtime.device === 'cpu');
    const layers = Array.from({ length: config.layers }, (_, layer) => layer);
    const session = await runtime.createSession(buildGenerationGraph(spec), {
      label: 'generation',
      weightsFolder: tuned.weightsFolder,
      keepOnDevice: layers.flatMap((layer) => KINDS.map((kind) => cacheNames.present(kind, layer))),
    });
    return new Generator(runtime, tuned, session, feeds, places);
  }

  /**
   * Answers a prompt; yields the text as it comes. Ends at the end-of-sequence token, after `maxNewTokens`, or where
   * the model can read no more.
   */
  async *generate(prompt: string, options: GenerateOptions): AsyncGenerator<string> {
    const { tokenizer } = this.tuned.model;
    const ids = [...tokenizer.encode(prompt, { special: true })].slice(-(this.capacity - 1));
    const random = new RandomStream(options.seed, 'generate');
    const stream = new TokenStream(tokenizer);
    const end = tokenizer.id('eos');
    const cache = new Map<string, DeviceTensor>();
    try {
      await this.emptyCache(cache);
      let fresh: readonly number[] = ids.length > 0 ? ids : [tokenizer.id('bos') ?? end ?? 0];
      let past = 0;
      for (let count = 0; count < options.maxNewTokens && past + fresh.length < this.capacity; count++) {
        const logits = await this.advance(cache, fresh, past);
        past += fresh.length;
        const token = sampleToken(logits, options.temperature, random);
        if (token === end) break;
        fresh = [token];
        yield stream.push(token);
      }
      yield stream.end();
    } finally {
      for (const tensor of cache.values()) tensor.dispose();
    }
  }

  async dispose(): Promise<void> {
    await this.session.dispose();
  }

  private async emptyCache(cache: Map<string, DeviceTensor>): Promise<void> {
    const { kvHeads, headDim, layers } = this.tuned.model.config;
    const shape = [kvHeads * this.capacity, headDim];
    for (let layer = 0; layer < layers; layer++) {
      for (const kind of KINDS) {
        const data = new Float32Array(kvHeads * this.capacity * headDim);
        cache.set(cacheNames.past(kind, layer), await this.runtime.upload({ dtype: 'f32', shape, data }));
      }
    }
  }

  private async advance(
    cache: Map<string, DeviceTensor>,
    tokens: readonly number[],
    past: number,
  ): Promise<Float32Array> {
    const { config } = this.tuned.model;
    const result = await this.session.run({
      ...generationFeeds(config, tokens, past, this.capacity),
      ...this.feeds,
      ...Object.fromEntries(cache),
    });
    for (let layer = 0; layer < config.layers; layer++) {
      for (const kind of KINDS) {
        const present = result.device[cacheNames.present(kind, layer)];
        if (present === undefined) throw new GraphError({ what: 'the cache was not returned' });
        const name = cacheNames.past(kind, layer);
        cache.get(name)?.dispose();
        cache.set(name, present);
      }
    }
    const logits = result.host[LOGITS]?.data;
    if (!(logits instanceof Float32Array)) throw new GraphError({ what: 'the model gave no logits' });
    return logits;
  }
}
