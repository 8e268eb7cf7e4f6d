/** How one metric is shown. */
export interface MetricStyle {
  readonly title: string;
  /** What its values are, where that is more than a number. */
  readonly unit?: string;
  /** Which end is good, where one is. */
  readonly better?: 'lower' | 'higher';
  /** A value that is set or counted, not measured: an average over steps would be another thing. */
  readonly exact?: boolean;
  /** Whether its chart is there until the user says otherwise. */
  readonly shown: boolean;
}

/** The metrics that are known, in the order of their charts. Others come after them, under their own names. */
const KNOWN: Readonly<Record<string, MetricStyle>> = {
  loss: { title: 'Loss', unit: 'nats per token', better: 'lower', shown: true },
  learning_rate: { title: 'Learning rate', exact: true, shown: true },
  grad_norm: { title: 'Gradient norm', unit: 'before clipping', shown: true },
  tokens_per_second: { title: 'Throughput', unit: 'tokens/s', better: 'higher', shown: true },
  rss_mb: { title: 'Memory', unit: 'MB, peak so far', exact: true, shown: true },
  trainable: { title: 'Trainable parameters', exact: true, shown: true },
  perplexity: { title: 'Perplexity', better: 'lower', shown: true },
  seconds: { title: 'Step time', unit: 's', better: 'lower', shown: false },
  input_tokens: { title: 'Tokens in a step', unit: 'without padding', shown: false },
  tokens: { title: 'Supervised tokens in a step', shown: false },
};

const ORDER = Object.keys(KNOWN);

/** How a metric is shown; one that is not known under its own name. */
export function metricStyle(metric: string): MetricStyle {
  return KNOWN[metric] ?? { title: metric.replaceAll('_', ' '), shown: true };
}

/** Metrics in the order of their charts: the known ones first, the others by name. */
export function sortMetrics(metrics: Iterable<string>): string[] {
  const place = (metric: string): number => {
    const found = ORDER.indexOf(metric);
    return found < 0 ? ORDER.length : found;
  };
  return [...new Set(metrics)].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}

/** Metrics whose charts are hidden until the user asks for them. */
export const HIDDEN_METRICS: readonly string[] = ORDER.filter((metric) => !metricStyle(metric).shown);
