import { isRecord } from '../../base/guards';
import type { RunEvent } from './events';
import type { MetricLine } from './metrics';

/** Reads one line of `metrics.jsonl`; undefined for what is no metric line (a reader skips it). */
export function decodeMetricLine(text: string): MetricLine | undefined {
  const value = parse(text);
  if (value === undefined) return undefined;
  const number = (key: string): number => {
    const field = value[key];
    return typeof field === 'number' ? field : NaN;
  };
  const step = number('step');
  const loss = number('loss');
  if (value.split === 'eval') {
    const perplexity = number('perplexity');
    return whole({ step, split: 'eval', loss, perplexity });
  }
  if (value.split !== 'train') return undefined;
  return whole({
    step,
    split: 'train',
    loss,
    learning_rate: number('learning_rate'),
    grad_norm: number('grad_norm'),
    tokens: number('tokens'),
    input_tokens: number('input_tokens'),
    trainable: number('trainable'),
    seconds: number('seconds'),
    rss_mb: number('rss_mb'),
  });
}

function whole<L extends MetricLine>(line: L): L | undefined {
  return Object.values(line).some(Number.isNaN) ? undefined : line;
}

/** Reads one line of `events.jsonl`; undefined for what is none. */
export function decodeEvent(text: string): RunEvent | undefined {
  const value = parse(text);
  if (value === undefined || typeof value.time !== 'string') return undefined;
  const { time, kind, fraction, step, metrics_bytes } = value;
  if (kind === 'started' && typeof step === 'number' && typeof metrics_bytes === 'number') {
    return { time, kind, step, metrics_bytes };
  }
  if (kind === 'warning' && typeof value.text === 'string') return { time, kind, text: value.text };
  if (kind === 'progress' && typeof value.what === 'string') {
    return { time, kind, what: value.what, ...(typeof fraction === 'number' ? { fraction } : {}) };
  }
  return undefined;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
