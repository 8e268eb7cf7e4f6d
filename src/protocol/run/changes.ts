import { isRecord } from '../../base/guards';

/** What training has changed in one weight so far: Delta W, of which the adapter's factors are known. */
export interface ModuleChange {
  /** The module's path. */
  readonly module: string;
  /** Singular values of Delta W, descending; those that are not there are 0. */
  readonly values: Float64Array;
  /** ||Delta W||_F */
  readonly frobenius: number;
  /** ||Delta W||_F^2 / sigma_1^2; 0 while nothing has changed. */
  readonly stable_rank: number;
  /**
   * How much of Delta W's top directions lies in those of W, and the share of its energy outside them, at the adapter's
   * rank, which is `rank`; see `Relation`. Absent where the adapter does not start from W's own directions.
   */
  readonly rank?: number;
  readonly overlap?: number;
  readonly fresh?: number;
  /** LaMDA: the columns of the second projection that are still trained; 0 once it is frozen. */
  readonly live?: number;
}

/** A line of `changes.jsonl`, written with each evaluation. Numbers have six significant digits. */
export interface ChangeLine {
  /** Optimiser steps done. */
  readonly step: number;
  /** In the order of the model. */
  readonly modules: readonly ModuleChange[];
}

/** Significant digits: more than a picture shows, and a line stays small. */
const DIGITS = 6;

/** A line as it stands in the file, without its newline. Numbers are finite. */
export function encodeChange({ step, modules }: ChangeLine): string {
  const rounded = modules.map(({ module, ...numbers }) => ({
    module,
    ...Object.fromEntries(
      Object.entries(numbers).map(([key, value]) => [
        key,
        typeof value === 'number' ? round(value) : Array.from(value, round),
      ]),
    ),
  }));
  return JSON.stringify({ step, modules: rounded });
}

function round(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

/** Reads one line of `changes.jsonl`; undefined for what is none, or damaged anywhere (a reader skips it). */
export function decodeChange(text: string): ChangeLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || !isNumber(value.step) || !Array.isArray(value.modules)) return undefined;
  const modules: ModuleChange[] = [];
  for (const entry of value.modules as readonly unknown[]) {
    const module = isRecord(entry) ? decodeModule(entry) : undefined;
    if (module === undefined) return undefined;
    modules.push(module);
  }
  return { step: value.step, modules };
}

function decodeModule(entry: Record<string, unknown>): ModuleChange | undefined {
  const { module, values, frobenius, stable_rank, rank, overlap, fresh, live } = entry;
  if (typeof module !== 'string' || !Array.isArray(values) || !values.every(isNumber)) return undefined;
  if (!isNumber(frobenius) || !isNumber(stable_rank)) return undefined;
  const optional: Record<string, unknown> = { rank, overlap, fresh, live };
  const known: Record<string, number> = {};
  for (const [key, number] of Object.entries(optional)) {
    if (number === undefined) continue;
    if (!isNumber(number)) return undefined;
    known[key] = number;
  }
  return { module, values: Float64Array.from(values), frobenius, stable_rank, ...known };
}

/** None of the numbers of a line is negative. */
function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
