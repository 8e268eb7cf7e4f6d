/** A line of `events.jsonl`: what the trainer says to whoever follows the run. Times are ISO 8601 in UTC. */
export type RunEvent =
  | {
      readonly time: string;
      /** A trainer begins: after `step` steps, with `metrics_bytes` of `metrics.jsonl` kept from before. */
      readonly kind: 'started';
      readonly step: number;
      readonly metrics_bytes: number;
    }
  | { readonly time: string; readonly kind: 'warning'; readonly text: string }
  | {
      readonly time: string;
      readonly kind: 'progress';
      /** Slow work outside the steps, e.g. `converting weights`. */
      readonly what: string;
      /** 0 to 1. */
      readonly fraction?: number;
    };
