import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { RunStatus } from '../../../src/protocol/run/status';
import { runPaths } from '../../../src/runs/folder';
import type { RunSummary } from '../../../src/runs/survey/summary';

export interface RunSketch {
  readonly name: string;
  readonly method: 'lora' | 'pissa' | 'lamda' | 'lamda++' | 'full';
  readonly status: RunStatus;
  readonly steps: number;
  /** Steps that it has come to; all where it is left out. */
  readonly done?: number;
  readonly evalEvery: number;
  /** Where the loss begins and where it is drawn to. */
  readonly from: number;
  readonly to: number;
  readonly seed: number;
}

/** Writes the folder of a run with metrics as a trainer would have written them. */
export function writeRun(root: string, sketch: RunSketch): RunSummary {
  const { name, method, status, steps, seed } = sketch;
  const done = sketch.done ?? steps;
  const id = `20261124-1200${String(seed).padStart(2, '0')}-${name}-abc${seed % 10}`;
  const folder = join(root, id);
  mkdirSync(folder, { recursive: true });
  const trainable = method === 'full' ? 134_515_008 : method.startsWith('lamda') ? 1_904_640 : 4_884_480;
  const started = Date.parse('2026-11-24T12:00:00Z');
  const created = started + seed * 1000;
  const record = {
    formatVersion: 1,
    id,
    name,
    status,
    created: new Date(created).toISOString(),
    started: new Date(created).toISOString(),
    config: {
      model: 'models/SmolLM2-135M',
      adapter: { method, rank: 32, ranks: { candidates: [8, 16, 32, 64] } },
    },
    source: { file: join(root, 'gsm8k.tune.yaml'), overrides: [] },
    seed,
    facts: {
      total_steps: steps,
      device: { provider: 'cpu', reason: 'no GPU is worth using (webgpu: no graphics adapter is found)' },
      memory: { recompute: 'layers', predicted_mb: 2210 },
      trainable,
      ...(method.startsWith('lamda')
        ? {
            phases: [
              { name: 'all', from_step: 0, trainable },
              { name: 'core', from_step: Math.round(steps * 0.3), trainable: trainable / 8 },
            ],
          }
        : {}),
    },
  };
  writeFileSync(runPaths(folder).record, JSON.stringify(record));
  const last = writeMetrics(runPaths(folder).metrics, sketch, done, trainable);
  const active = status === 'running';
  return {
    folder,
    id,
    label: name,
    experiment: 'gsm8k',
    source: join(root, 'gsm8k.tune.yaml'),
    status,
    method,
    rank: method === 'full' ? undefined : 32,
    model: 'SmolLM2-135M',
    device: 'cpu',
    created,
    started: active ? Date.now() - 754_000 : created,
    ended: active ? undefined : created + 3_913_000,
    step: done,
    totalSteps: steps,
    loss: last,
    lastEval: undefined,
    bestEval: undefined,
    trainable,
    secondsLeft: active ? 1_270 : undefined,
    activity: undefined,
    spark: '',
    error:
      status === 'failed' ? 'the loss of step 180 is not a number. Lower training.learning_rate.' : undefined,
    starred: false,
    tags: [],
    note: '',
  };
}

/** Lines of metrics of steps `from` + 1 to `to`, and the last loss. */
export function writeMetrics(
  file: string,
  { steps, evalEvery, from, to, seed, method }: RunSketch,
  done: number,
  trainable: number,
  after = 0,
): number {
  const random = generator(seed);
  const lines: string[] = [];
  const handle = openSync(file, after === 0 ? 'w' : 'a');
  const flush = (): void => {
    writeSync(handle, lines.splice(0).join(''));
  };
  let loss = from;
  const curve = (step: number): number => to + (from - to) * Math.exp((-6 * step) / steps);
  if (after === 0) lines.push(evalLine(0, from * 1.01));
  for (let step = after + 1; step <= done; step++) {
    const noise = (random() + random() + random() - 1.5) * 0.18;
    // Now and then a hard batch.
    loss = curve(step) * (1 + noise) + (random() < 0.004 ? 1.5 * random() : 0);
    const share = step / steps;
    const tokens = 1400 + Math.round(300 * random());
    lines.push(
      `${JSON.stringify({
        step,
        split: 'train',
        loss,
        learning_rate: 4e-4 * Math.min(1, step / (0.05 * steps)) * 0.5 * (1 + Math.cos(Math.PI * share)),
        grad_norm: 0.4 + 1.2 * Math.exp(-8 * share) + 0.25 * random() + (random() < 0.01 ? 6 * random() : 0),
        tokens: tokens - 90,
        input_tokens: tokens,
        trainable: trained(method, trainable, share),
        seconds: 1.1 + 0.15 * random() - (method.startsWith('lamda') && share > 0.3 ? 0.3 : 0),
        rss_mb: 1650 + Math.round(320 * Math.min(1, step / 30)),
      })}\n`,
    );
    if (step % evalEvery === 0)
      lines.push(evalLine(step, curve(step) * 1.04 + 0.12 * Math.max(0, share - 0.7)));
    if (lines.length > 20_000) flush();
  }
  flush();
  closeSync(handle);
  return loss;
}

/** While columns freeze, less and less is trained. */
function trained(method: string, trainable: number, share: number): number {
  if (!method.startsWith('lamda')) return trainable;
  return Math.round(trainable * Math.max(1 / 8, 1 - (share / 0.3) * (7 / 8)));
}

function evalLine(step: number, loss: number): string {
  return `${JSON.stringify({ step, split: 'eval', loss, perplexity: Math.exp(loss) })}\n`;
}

/** Mulberry32: the same numbers everywhere. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
