import { Compile } from 'typebox/schema';
import { InputError } from '../../base/errors';
import { isRecord } from '../../base/guards';
import { show } from '../../base/show';
import type { MetricLine } from './metrics';
import { RUN_FORMAT_VERSION, type RunRecord, runRecordSchema } from './record';
import type { RunEvent } from './events';

const compile = () => Compile(runRecordSchema);
let compiled: ReturnType<typeof compile> | undefined;

/** Compiled when first used, which takes a hundredth of a second: an editor's thread may wait as long. */
function validator(): ReturnType<typeof compile> {
  return (compiled ??= compile());
}

/**
 * Reads the content of `run.json`. Fields it does not know stay in the record as they are; another version, or a
 * field of the wrong form, is an `InputError`.
 */
export function decodeRunRecord(value: unknown, file: string): RunRecord {
  if (!isRecord(value)) throw new InputError({ what: 'this run is broken: run.json holds no object', file });
  if (value.formatVersion !== RUN_FORMAT_VERSION) {
    throw new InputError({
      what: 'this run was written by another version',
      file,
      key: 'formatVersion',
      got: show(value.formatVersion),
      expected: String(RUN_FORMAT_VERSION),
      remedy: 'Use the version of Eigenloom that made it.',
    });
  }
  const record: unknown = value;
  if (validator().Check(record)) return record;
  const [, [problem]] = validator().Errors(record);
  throw new InputError({
    what: `this run is broken: ${problem?.message ?? 'run.json is of the wrong form'}`,
    file,
    key: problem?.instancePath.slice(1).replaceAll('/', '.'),
  });
}

/** The top-level fields of a record that this version does not know: worth a warning, never dropped. */
export function unknownFields(record: RunRecord): string[] {
  return Object.keys(record).filter((key) => !Object.hasOwn(runRecordSchema.properties, key));
}

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
