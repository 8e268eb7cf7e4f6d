import { InputError } from '../base/errors';
import { isRecord } from '../base/guards';
import { show } from '../base/show';

/** The forms of the result that `export` writes. */
export const EXPORT_FORMATS = ['peft', 'merged', 'onnx'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Evaluates the tuned model of a run, or the base model of an experiment file, on other rows. Paths are absolute. */
export interface EvaluateRequest {
  readonly task: 'evaluate';
  readonly target: { readonly kind: 'run' | 'experiment'; readonly path: string };
  readonly data: string;
}

/** Answers a prompt with the tuned model of a run, or with a base model. */
export interface GenerateRequest {
  readonly task: 'generate';
  readonly target: { readonly kind: 'run' | 'model'; readonly path: string };
  readonly prompt: string;
  readonly maxNewTokens: number;
  /** 0: the likeliest token always. */
  readonly temperature: number;
  readonly seed: number;
}

/** Writes the result of a run in another form. */
export interface ExportRequest {
  readonly task: 'export';
  readonly run: string;
  readonly format: ExportFormat;
  readonly out: string;
}

/** Says what an experiment would do, without training it. Paths are absolute. */
export interface PlanRequest {
  readonly task: 'plan';
  readonly file: string;
  readonly overrides: readonly string[];
  /** The folder of the runs by which the step time is foretold. */
  readonly runs: string;
  /** Other allocations of the same budget beside it. */
  readonly compare: boolean;
  readonly json: boolean;
}

/** Finds the singular values of a model's linear layers, or of what a run has changed in them. Paths are absolute. */
export interface SpectraRequest {
  readonly task: 'spectra';
  readonly target: { readonly kind: 'run' | 'model'; readonly path: string };
  /** Beside a model: another, from which the difference is taken. */
  readonly base?: string | undefined;
  /** A name, path or pattern as in `adapter.target_modules`; undefined: all. */
  readonly pattern?: string | undefined;
  /** The most values that are printed of each. */
  readonly top?: number | undefined;
  /** By a randomised decomposition: the top values alone. */
  readonly fast: boolean;
  readonly json: boolean;
}

/** What the command line asks a trainer process to do, beside training. */
export type TaskRequest = EvaluateRequest | GenerateRequest | ExportRequest | PlanRequest | SpectraRequest;

/** Reads a request as it comes from another process. Throws `InputError` for what is none. */
export function decodeTaskRequest(value: unknown): TaskRequest {
  if (isRecord(value)) {
    const request = evaluate(value) ?? generate(value) ?? exportOf(value) ?? plan(value) ?? spectra(value);
    if (request !== undefined) return request;
  }
  throw new InputError({ what: 'this is no request to the trainer', got: show(value) });
}

function evaluate({ task, target, data }: Record<string, unknown>): EvaluateRequest | undefined {
  if (task !== 'evaluate' || !isRecord(target) || typeof data !== 'string') return undefined;
  const { kind, path } = target;
  if ((kind !== 'run' && kind !== 'experiment') || typeof path !== 'string') return undefined;
  return { task, target: { kind, path }, data };
}

function generate(value: Record<string, unknown>): GenerateRequest | undefined {
  const { task, target, prompt, maxNewTokens, temperature, seed } = value;
  if (task !== 'generate' || !isRecord(target) || typeof prompt !== 'string') return undefined;
  const { kind, path } = target;
  if ((kind !== 'run' && kind !== 'model') || typeof path !== 'string') return undefined;
  if (typeof maxNewTokens !== 'number' || typeof temperature !== 'number' || typeof seed !== 'number') {
    return undefined;
  }
  return { task, target: { kind, path }, prompt, maxNewTokens, temperature, seed };
}

function exportOf({ task, run, format, out }: Record<string, unknown>): ExportRequest | undefined {
  const known = EXPORT_FORMATS.find((name) => name === format);
  if (task !== 'export' || typeof run !== 'string' || typeof out !== 'string' || known === undefined) {
    return undefined;
  }
  return { task, run, format: known, out };
}

function plan(value: Record<string, unknown>): PlanRequest | undefined {
  const { task, file, overrides, runs, compare, json } = value;
  if (task !== 'plan' || typeof file !== 'string' || typeof runs !== 'string') return undefined;
  if (typeof compare !== 'boolean' || typeof json !== 'boolean' || !Array.isArray(overrides))
    return undefined;
  const texts = overrides.filter((override) => typeof override === 'string');
  return texts.length === overrides.length
    ? { task, file, overrides: texts, runs, compare, json }
    : undefined;
}

function spectra(value: Record<string, unknown>): SpectraRequest | undefined {
  const { task, target, base, pattern, top, fast, json } = value;
  if (task !== 'spectra' || !isRecord(target)) return undefined;
  const { kind, path } = target;
  if ((kind !== 'run' && kind !== 'model') || typeof path !== 'string') return undefined;
  if (typeof fast !== 'boolean' || typeof json !== 'boolean') return undefined;
  if (base !== undefined && typeof base !== 'string') return undefined;
  if (pattern !== undefined && typeof pattern !== 'string') return undefined;
  if (top !== undefined && typeof top !== 'number') return undefined;
  return { task, target: { kind, path }, base, pattern, top, fast, json };
}
