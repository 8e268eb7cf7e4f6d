import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunSummary } from '../../src/runs/survey/summary';
import type { RunRecord } from '../../src/protocol/run/record';
import { collectId } from '../../src/runs/survey/collect';

/** A temporary folder, and what removes it. */
export function temporaryFolder(name: string): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), `eigenloom-${name}-`));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** An id of a run made `minutes` after a fixed time. */
export function runId(minutes: number, name = 'try'): string {
  const time = new Date(Date.UTC(2026, 10, 24, 18, minutes)).toISOString();
  const [date = '', clock = ''] = time.split('T');
  return `${date.replaceAll('-', '')}-${clock.slice(0, 8).replaceAll(':', '')}-${name}-${String(minutes).padStart(4, '0')}`;
}

/** A record as the trainer writes it. */
export function recordOf(id: string, change: Partial<RunRecord> = {}): RunRecord {
  return {
    formatVersion: 1,
    id,
    name: 'try',
    status: 'done',
    created: new Date(Date.UTC(2026, 10, 24, 18, Number(id.slice(-4)))).toISOString(),
    started: '2026-11-24T18:00:01.000Z',
    ended: '2026-11-24T18:00:31.000Z',
    config: {
      model: '/models/SmolLM2-135M',
      adapter: { method: 'lora', rank: 16 },
      training: { max_steps: 10 },
    },
    source: { file: '/work/try.tune.yaml', overrides: [] },
    seed: 42,
    ...change,
  };
}

/** A train line of `metrics.jsonl`. */
export function trainLine(step: number, loss: number): string {
  const rest = { learning_rate: 1e-3, grad_norm: 1, tokens: 100, input_tokens: 128, trainable: 10 };
  return JSON.stringify({ step, split: 'train', loss, ...rest, seconds: 0.5, rss_mb: 100 });
}

/** Makes a run folder below `root`; returns its path. */
export function makeRun(
  root: string,
  id: string,
  change: Partial<RunRecord> = {},
  lines: readonly string[] = [],
): string {
  const folder = join(root, id);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'run.json'), JSON.stringify(recordOf(id, change)));
  if (lines.length > 0) writeFileSync(join(folder, 'metrics.jsonl'), `${lines.join('\n')}\n`);
  return folder;
}

/** The fields of a summary, however it is kept. */
export function plainSummary(summary: RunSummary): RunSummary {
  const said = new Map<string, unknown>();
  let key: keyof RunSummary;
  for (key in collectId('')) said.set(key, summary[key]);
  return { ...collectId(summary.folder), ...Object.fromEntries(said) };
}

/** A summary that differs from a run done yesterday in `change` alone. */
export function summaryOf(change: Partial<RunSummary> = {}): RunSummary {
  return {
    ...collectId(`/runs/${runId(0)}`),
    source: '/work/try.tune.yaml',
    status: 'done',
    method: 'lora',
    rank: 16,
    model: 'SmolLM2-135M',
    ...change,
  };
}
