import { isRecord } from '../../../base/guards';
import type { CurveRun } from '../../../protocol/panels/curves';
import type { RunRecord } from '../../../protocol/run/record';
import { isActive, isResumable, type RunSummary } from '../../../runs/survey/summary';

/** What is known of a run's metrics. */
export interface ReadState {
  readonly step: number;
  readonly loss: number | undefined;
  readonly read: number;
}

/** What the panel says of a run: from its record where that is read, and from its summary, which knows how it stands now. */
export function collectRun(
  folder: string,
  shown: boolean,
  summary: RunSummary | undefined,
  record: RunRecord | undefined,
  state: ReadState | undefined,
): CurveRun {
  const status = summary?.status ?? record?.status;
  const facts = record?.facts;
  const step = Math.max(summary?.step ?? 0, state?.step ?? 0, record?.last?.step ?? 0);
  return {
    folder,
    id: summary?.id ?? record?.id ?? '',
    label: summary?.label ?? record?.name ?? '',
    experiment: summary?.experiment ?? record?.name ?? '',
    status: status ?? 'unknown',
    shown,
    active: isActive({ status }),
    resumable: isResumable({ status }),
    model: summary?.model ?? modelOf(record),
    method: summary?.method ?? textOf(adapterOf(record), 'method'),
    rank: rankText(record, summary),
    step,
    read: state?.read ?? 0,
    ...defined({
      loss: state?.loss ?? summary?.loss ?? record?.last?.loss,
      trainable: facts?.phases?.[0]?.trainable ?? facts?.trainable ?? summary?.trainable,
      device: facts?.device?.provider ?? summary?.device,
      deviceReason: facts?.device?.reason,
      recompute: facts?.memory?.recompute,
      totalSteps: facts?.total_steps ?? summary?.totalSteps,
      started: summary?.started ?? time(record?.started),
      ended: summary === undefined ? time(record?.ended) : summary.ended,
      secondsLeft: summary?.secondsLeft,
      activity: summary?.activity,
      error: summary?.error ?? record?.error?.message,
    }),
  };
}

/** The rank; for lamda++ what its ranks are chosen from. */
function rankText(record: RunRecord | undefined, summary: RunSummary | undefined): string {
  const adapter = adapterOf(record);
  const method = summary?.method ?? textOf(adapter, 'method');
  if (method === 'full') return '';
  const rank = typeof adapter.rank === 'number' ? adapter.rank : summary?.rank;
  const candidates = isRecord(adapter.ranks) ? numbers(adapter.ranks.candidates) : [];
  if (method === 'lamda++' && candidates.length > 0) {
    const bounds = `${Math.min(...candidates)}–${Math.max(...candidates)}`;
    return rank === undefined ? bounds : `${bounds}, mean ${rank}`;
  }
  return rank === undefined ? '' : String(rank);
}

function adapterOf(record: RunRecord | undefined): Record<string, unknown> {
  const config = record?.config;
  return isRecord(config) && isRecord(config.adapter) ? config.adapter : {};
}

function modelOf(record: RunRecord | undefined): string {
  return isRecord(record?.config) ? lastName(textOf(record.config, 'model')) : '';
}

/** The last part of a path or hub id, which people call a model by. */
function lastName(path: string): string {
  return path.split(/[\\/]/u).findLast((part) => part !== '') ?? path;
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((item: unknown) => typeof item === 'number') : [];
}

function textOf(values: Record<string, unknown>, key: string): string {
  const value = values[key];
  return typeof value === 'string' ? value : '';
}

function time(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

/** Without what is undefined: optional fields are absent, or JSON would make another thing of them. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // The filter removes exactly what the type leaves out.
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
