import { isRecord } from '../../../base/guards';
import { RUN_STATUSES, type RunStatus } from '../../../protocol/run/status';
import type { EvalPoint, RunSummary } from './summary';

/** Reads a summary that was kept as JSON; undefined for what is none. */
export function decodeSummary(value: unknown): RunSummary | undefined {
  if (!isRecord(value)) return undefined;
  const text = (key: keyof RunSummary): string => {
    const field = value[key];
    return typeof field === 'string' ? field : '';
  };
  const number = (key: keyof RunSummary): number | undefined => numberOf(value[key]);
  const folder = text('folder');
  const created = number('created');
  const status = statusOf(value.status);
  if (folder === '' || created === undefined || status === undefined) return undefined;
  return {
    folder,
    id: text('id'),
    label: text('label'),
    experiment: text('experiment'),
    source: text('source'),
    status,
    method: text('method'),
    rank: number('rank'),
    model: text('model'),
    device: optional(text('device')),
    created,
    started: number('started'),
    ended: number('ended'),
    step: number('step') ?? 0,
    totalSteps: number('totalSteps'),
    loss: number('loss'),
    lastEval: pointOf(value.lastEval),
    bestEval: pointOf(value.bestEval),
    trainable: number('trainable'),
    secondsLeft: undefined,
    activity: undefined,
    spark: listOf(value.spark, (item) => typeof item === 'number'),
    error: optional(text('error')),
    starred: value.starred === true,
    tags: listOf(value.tags, (item) => typeof item === 'string'),
    note: text('note'),
  };
}

function statusOf(value: unknown): RunStatus | undefined {
  return RUN_STATUSES.find((status) => status === value);
}

function pointOf(value: unknown): EvalPoint | undefined {
  if (!isRecord(value)) return undefined;
  const step = numberOf(value.step);
  const loss = numberOf(value.loss);
  return step === undefined || loss === undefined ? undefined : { step, loss };
}

function listOf<T>(value: unknown, is: (item: unknown) => item is T): T[] {
  return Array.isArray(value) ? value.filter((item: unknown): item is T => is(item)) : [];
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function optional(text: string): string | undefined {
  return text === '' ? undefined : text;
}
