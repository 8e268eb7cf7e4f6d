/** A line of `metrics.jsonl` written after an optimiser step. Numbers are finite. */
export interface TrainMetrics {
  /** Optimiser steps done, from 1. */
  readonly step: number;
  readonly split: 'train';
  /** Mean over the step's supervised tokens, in nats. */
  readonly loss: number;
  readonly learning_rate: number;
  /** Norm over all trained parameters before clipping. */
  readonly grad_norm: number;
  /** Supervised tokens of the step. */
  readonly tokens: number;
  /** Tokens of the step without padding. */
  readonly input_tokens: number;
  /** Numbers trained in this step. */
  readonly trainable: number;
  /** Seconds of this step. */
  readonly seconds: number;
  /** Peak resident size of the trainer so far, in MB (10^6 bytes). */
  readonly rss_mb: number;
}

/** A line of `metrics.jsonl` written after an evaluation. `step` 0 is before the first step. */
export interface EvalMetrics {
  readonly step: number;
  readonly split: 'eval';
  /** Mean over the supervised tokens of the evaluation rows, in nats. */
  readonly loss: number;
  readonly perplexity: number;
}

/** One line of `metrics.jsonl`. */
export type MetricLine = TrainMetrics | EvalMetrics;
