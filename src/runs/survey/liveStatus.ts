import * as fs from 'node:fs/promises';
import { isRecord } from '../../base/guards';
import type { RunStatus } from '../../protocol/run/status';
import type { Liveness } from '../liveness';
import type { ProcessIdentity } from '../process';
import { MAY_WAIT } from '../store';
import type { RecordPart } from './collect';

/** How long (ms) a run on another machine may be silent before it counts as interrupted. */
const MAY_BE_SILENT = 300_000;

/** What tells how a run stands, beside its record. */
export interface Signs {
  readonly liveness: Liveness;
  /** This machine. */
  readonly hostname: string;
  /** The lock file of the run. */
  readonly lock: string;
  /** How long (ms) its files have not grown. */
  readonly silent: number;
}

/**
 * How a run stands now. One that says it is at work, but whose trainer is gone, was interrupted. The processes of
 * another machine cannot be asked for: there, files that go on growing are the sign of life.
 */
export async function currentStatus(
  { status, process, hostname }: Pick<RecordPart, 'status' | 'process' | 'hostname'>,
  { liveness, hostname: here, lock, silent }: Signs,
): Promise<RunStatus> {
  if (status === 'queued') {
    // Between the making of a run and the first words of its trainer.
    if (silent < MAY_WAIT) return status;
    const holder = await lockOwner(lock);
    return holder !== undefined && (await liveness.isAlive(holder)) ? status : 'interrupted';
  }
  if (status !== 'running' && status !== 'paused') return status;
  if (hostname !== undefined && hostname !== here) return silent < MAY_BE_SILENT ? status : 'interrupted';
  return process !== undefined && (await liveness.isAlive(process)) ? status : 'interrupted';
}

async function lockOwner(lock: string): Promise<ProcessIdentity | undefined> {
  try {
    const value: unknown = JSON.parse(await fs.readFile(lock, 'utf8'));
    if (!isRecord(value) || typeof value.pid !== 'number') return undefined;
    return { pid: value.pid, started: typeof value.started === 'string' ? value.started : null };
  } catch {
    // No lock, or one that is just being written: nobody has it yet.
    return undefined;
  }
}
