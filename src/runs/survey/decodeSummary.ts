import { isRecord } from '../../base/guards';
import { isLevels } from './spark';
import { RUN_STATUSES, type RunStatus } from '../../protocol/run/status';
import type { EvalPoint, RunSummary } from './summary';

/**
 * Reads a summary that was kept as JSON; undefined for what is none. Texts that other runs may have too go through
 * `once`, which answers the same string for all of them.
 */
export function decodeSummary(value: unknown, once: (text: string) => string): RunSummary | undefined {
  if (!isRecord(value)) return undefined;
  const text = (key: keyof RunSummary): string => {
    const field = value[key];
    return typeof field === 'string' ? field : '';
  };
  const number = (key: keyof RunSummary): number | undefined => numberOf(value[key]);
  const folder = text('folder');
  const created = number('created');
  const status = statusOf(value.status);
  const [lastEval, bestEval] = [pointOf(value.lastEval), pointOf(value.bestEval)];
  const spark = text('spark');
  if (folder === '' || created === undefined || status === undefined) return undefined;
  return {
    folder,
    id: text('id'),
    label: once(text('label')),
    experiment: once(text('experiment')),
    source: once(text('source')),
    status,
    method: once(text('method')),
    rank: number('rank'),
    model: once(text('model')),
    device: optional(once(text('device'))),
    created,
    started: number('started'),
    ended: number('ended'),
    step: number('step') ?? 0,
    totalSteps: number('totalSteps'),
    loss: number('loss'),
    lastEval,
    bestEval: samePoint(lastEval, bestEval) ? lastEval : bestEval,
    trainable: number('trainable'),
    secondsLeft: undefined,
    activity: undefined,
    spark: isLevels(spark) ? spark : '',
    error: optional(once(text('error'))),
    starred: value.starred === true,
    tags: textsOf(value.tags),
    note: once(text('note')),
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

function samePoint(a: EvalPoint | undefined, b: EvalPoint | undefined): boolean {
  return a?.step === b?.step && a?.loss === b?.loss;
}

/** Most runs have no tags: they share this. */
const NONE: readonly string[] = [];

function textsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) return NONE;
  return value.filter((item: unknown): item is string => typeof item === 'string');
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function optional(text: string): string | undefined {
  return text === '' ? undefined : text;
}
