import { gradientInspection } from '../support/inspectStep';

/** The first optimiser step of an experiment, seen from inside the engine. */
export interface FirstStep {
  /** Mean over the step's supervised tokens. */
  readonly loss: number;
  /**
   * By `<module>.<factor>` (`model.layers.0.self_attn.q_proj.lora_A`, `.lora_B`, `.lda`, `.pmb`) or, in a full run,
   * by the weight's own name. Summed over the step's micro-batches, before clipping, in the parameter's own layout.
   */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** What is trained, as it stands before the step, under the same names. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /**
   * [supervised, vocabulary], row-major, of the first micro-batch before the step: the positions that predict a
   * supervised token, in their order, sample after sample, without the entries that only pad.
   */
  readonly logits: Float32Array;
}

/** Takes an experiment through its first forward and backward pass in this process; no file is written. */
export function inspectFirstStep(config: string, cache: string): Promise<FirstStep> {
  return gradientInspection(config, cache);
}
