import * as path from 'node:path';
import { isRecord } from '../../base/guards';
import type { RunRecord } from '../../protocol/run/record';
import type { RunStatus } from '../../protocol/run/status';
import { createdBy, nameBy } from '../folder';
import type { ProcessIdentity } from '../process';
import type { UserNotes } from '../user';
import type { MetricDigest } from './digest';
import { encodeRuns } from './packed';
import { type EvalPoint, isActive, type RunSummary } from './summary';

/** What of `run.json` a summary needs: the whole of it would be kept ten thousand times. */
export interface RecordPart {
  readonly name: string;
  readonly source: string;
  readonly status: RunStatus;
  readonly process: ProcessIdentity | undefined;
  /** The machine that trains; undefined while no trainer has begun. */
  readonly hostname: string | undefined;
  readonly method: string;
  readonly rank: number | undefined;
  readonly model: string;
  readonly device: string | undefined;
  readonly created: number | undefined;
  readonly started: number | undefined;
  readonly ended: number | undefined;
  readonly totalSteps: number | undefined;
  readonly last: EvalPoint | undefined;
  readonly lastEval: EvalPoint | undefined;
  readonly bestEval: EvalPoint | undefined;
  readonly trainable: number | undefined;
  readonly error: string | undefined;
}

/** The part of a record that a summary needs. */
export function collectRecord(record: RunRecord): RecordPart {
  const { config, facts } = record;
  const adapter = section(config, 'adapter');
  const model = isRecord(config) && typeof config.model === 'string' ? config.model : '';
  return {
    name: record.name,
    source: record.source.file,
    status: record.status,
    process: record.process,
    hostname: record.machine?.hostname,
    method: typeof adapter.method === 'string' ? adapter.method : '',
    rank: numberOf(adapter.rank),
    model: modelName(model),
    device: facts?.device?.provider,
    created: timeOf(record.created),
    started: timeOf(record.started),
    ended: timeOf(record.ended),
    totalSteps: facts?.total_steps ?? numberOf(section(config, 'training').max_steps),
    last: record.last,
    lastEval: pointOf(record.last_eval),
    bestEval: pointOf(record.best_eval),
    trainable: facts?.trainable,
    error: record.error?.message,
  };
}

/** The summary of a run of which only its folder's name is known yet. */
export function collectId(folder: string): RunSummary {
  const id = path.basename(folder);
  const name = nameBy(id);
  return {
    folder,
    id,
    label: name,
    experiment: name,
    source: '',
    status: undefined,
    method: '',
    rank: undefined,
    model: '',
    device: undefined,
    created: createdBy(id),
    started: undefined,
    ended: undefined,
    step: 0,
    totalSteps: undefined,
    loss: undefined,
    lastEval: undefined,
    bestEval: undefined,
    trainable: undefined,
    secondsLeft: undefined,
    activity: undefined,
    spark: '',
    error: undefined,
    starred: false,
    tags: [],
    note: '',
  };
}

/** What a summary is made of, as far as it has been read. */
export interface Sources {
  readonly folder: string;
  readonly record: RecordPart;
  /** How the run stands now; see `RunSummary.status`. */
  readonly status: RunStatus;
  readonly notes: UserNotes;
  readonly digest: MetricDigest;
  readonly activity: string | undefined;
}

/** Puts together what is known of a run. The metric lines are newer than the record, which lags some seconds behind. */
export function collectSummary({ folder, record, status, notes, digest, activity }: Sources): RunSummary {
  const bare = collectId(folder);
  const active = isActive({ status });
  const { name: own, star, tags, note } = notes;
  return {
    ...bare,
    label: own ?? record.name,
    experiment: record.name,
    source: record.source,
    status,
    method: record.method,
    rank: record.rank,
    model: record.model,
    device: record.device,
    created: record.created ?? bare.created,
    started: record.started,
    ended: active ? undefined : record.ended,
    step: digest.lines === 0 ? (record.last?.step ?? 0) : digest.step,
    totalSteps: record.totalSteps,
    loss: digest.loss ?? record.last?.loss,
    lastEval: later(record.lastEval, digest.lastEval),
    bestEval: lower(record.bestEval, digest.bestEval),
    trainable: record.trainable,
    secondsLeft: status === 'running' ? digest.secondsLeft(record.totalSteps) : undefined,
    activity: active ? activity : undefined,
    spark: digest.spark,
    error: status === 'failed' ? record.error : undefined,
    starred: star,
    tags,
    note,
  };
}

/** True where two summaries say the same. */
export function sameSummary(a: RunSummary, b: RunSummary): boolean {
  if (a.secondsLeft !== b.secondsLeft || a.activity !== b.activity) return false;
  const said = (summary: RunSummary): string =>
    [...encodeRuns([{ recordStamp: '', userStamp: '', summary }])].join();
  return said(a) === said(b);
}

/** The last part of a model's path or hub id, with the one before where it says little by itself. */
function modelName(model: string): string {
  const parts = model.split(/[\\/]/u).filter((part) => part !== '');
  const last = parts.at(-1) ?? '';
  return /^(?:model|base|checkpoint|main|weights)(?:\.gguf)?$/iu.test(last)
    ? parts.slice(-2).join('/')
    : last;
}

function section(config: unknown, key: string): Record<string, unknown> {
  const inner = isRecord(config) ? config[key] : undefined;
  return isRecord(inner) ? inner : {};
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function timeOf(text: string | undefined): number | undefined {
  const time = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

function pointOf(evaluation: EvalPoint | undefined): EvalPoint | undefined {
  return evaluation && { step: evaluation.step, loss: evaluation.loss };
}

function later(a: EvalPoint | undefined, b: EvalPoint | undefined): EvalPoint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.step >= a.step ? b : a;
}

function lower(a: EvalPoint | undefined, b: EvalPoint | undefined): EvalPoint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.loss < a.loss ? b : a;
}
