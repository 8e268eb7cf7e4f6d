import type { ConfigReader } from '../config';

/** What tells one family of Llama-form decoders from another; everything else is common. */
export interface ModelFamily {
  readonly id: string;
  /** For people: which published models it covers. */
  readonly title: string;
  /** Values of `architectures[0]` in config.json. */
  readonly architectures: readonly string[];
  /** Where the projections carry biases. */
  biases(config: ConfigReader): { readonly qkv: boolean; readonly output: boolean; readonly mlp: boolean };
  readonly qkNorm: boolean;
  /** Positions a query sees in each layer; undefined for all. */
  slidingWindow(config: ConfigReader, layer: number): number | undefined;
}

export const noBiases = { qkv: false, output: false, mlp: false } as const;

/** `max_window_layers` where a config leaves it out, as in Transformers. */
const WINDOWLESS_LAYERS = 28;

/** The window of Qwen's configs: off unless `use_sliding_window`, and then only above `max_window_layers`. */
export function qwenWindow(config: ConfigReader, layer: number): number | undefined {
  if (!config.boolean('use_sliding_window', false) || !config.has('sliding_window')) return undefined;
  return layer >= config.number('max_window_layers', WINDOWLESS_LAYERS)
    ? config.count('sliding_window')
    : undefined;
}
