// How the run explorer's model copes with many runs: 10,000 run folders, and ten runs at work whose metrics grow.
// Prints JSON: milliseconds to the first listing, to all summaries, to a filtered view, of a second start; the longest
// time that the thread was kept; memory; and whether a metric line was lost.
//   node test/bench/runs.mjs [runs]
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const RUNS = Number(process.argv[2] ?? 10_000);
const LIVE = 10;
const LINES_EACH = 1000;

const folder = mkdtempSync(join(tmpdir(), 'eigenloom-bench-runs-'));
try {
  console.log(JSON.stringify(await measure(), undefined, 2));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure() {
  const { RunScanner, collectView, parseQuery, matches, thisProcess } = await load();
  const root = join(folder, 'runs');
  const [oldest] = Array.from({ length: RUNS }, (_, i) => writeRun(root, i, { status: 'done' }));
  const process_ = { process: thisProcess(), machine: machine() };
  const live = Array.from({ length: LIVE }, (_, i) =>
    writeRun(root, RUNS + i, { status: 'running', ended: undefined, ...process_ }),
  );

  const cache = join(folder, 'cache.jsonl');
  const make = () => new RunScanner({ warn: (text) => console.error(text), cache, saveAfter: 500 });
  const first = await start(make(), root, oldest);
  const { scanner } = first;
  const rss = process.memoryUsage();

  const view = { filter: 'method:lora loss<2.5 -tag:old', grouping: 'experiment', order: 'loss' };
  const filter_ms = best(10, () => collectView(scanner, view, new Map(), Date.now()));
  const { terms } = parseQuery('smol');
  const words_ms = best(10, () => scanner.runs.filter((run) => matches(terms, run, Date.now())));

  scanner.start();
  const delay = watch();
  for (let step = 101; step <= LINES_EACH; step++) {
    for (const run of live) appendFileSync(join(run, 'metrics.jsonl'), `${trainLine(step)}\n`);
    if (step % 20 === 0) await sleep(10);
  }
  await sleep(1500);
  const lost = live.filter((run) => scanner.get(run)?.step !== LINES_EACH).length;
  const live_blocked_ms = delay();
  // Long enough for the cache to be written.
  await sleep(2000);
  scanner.dispose();

  const second = await start(make(), root, oldest);
  second.scanner.dispose();
  return {
    runs: RUNS,
    first_listing_ms: first.listing,
    all_summaries_ms: first.filled,
    longest_blocked_ms: first.blocked,
    filter_sort_group_ms: filter_ms,
    filter_by_word_ms: words_ms,
    second_start: {
      listing_ms: second.listing,
      summaries_from_cache_ms: second.known,
      verified_ms: second.filled,
      longest_blocked_ms: second.blocked,
    },
    live_runs: LIVE,
    live_runs_with_lost_lines: lost,
    live_longest_blocked_ms: live_blocked_ms,
    heap_mb: round(rss.heapUsed / 1e6),
    rss_mb: round(rss.rss / 1e6),
  };
}

/** Starts on a root, and tells when what was there. */
async function start(scanner, root, oldest) {
  const blocked = watch();
  const begun = performance.now();
  let listing;
  let known;
  scanner.onDidChange(() => {
    listing ??= since(begun);
    if (known === undefined && scanner.get(oldest)?.status !== undefined) known = since(begun);
  });
  await scanner.setRoots([root]);
  while (scanner.filling) await sleep(20);
  const filled = since(begun);
  return { scanner, listing, known, filled, blocked: blocked() };
}

function watch() {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  return () => {
    delay.disable();
    return round(delay.max / 1e6);
  };
}

function best(times, task) {
  let least = Infinity;
  for (let i = 0; i < times; i++) {
    const begun = performance.now();
    task();
    least = Math.min(least, performance.now() - begun);
  }
  return round(least);
}

function since(begun) {
  return round(performance.now() - begun);
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function machine() {
  return { platform: 'x', arch: 'x', cpu: 'x', cores: 2, memory_mb: 1, hostname: hostname() };
}

function writeRun(root, i, change) {
  const created = new Date(Date.UTC(2026, 0, 1) + i * 60_000);
  const [date, time] = created.toISOString().split('T');
  const experiment = `experiment-${i % 20}`;
  const id = `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${experiment}-${(i % 46_656).toString(36).padStart(4, '0')}`;
  const run = join(root, id);
  mkdirSync(run, { recursive: true });
  const evaluation = { step: 100, loss: 2 + (i % 100) / 100, perplexity: 8 };
  const record = {
    formatVersion: 1,
    id,
    name: experiment,
    status: 'done',
    created: created.toISOString(),
    started: created.toISOString(),
    ended: new Date(created.getTime() + 60_000).toISOString(),
    config: {
      name: experiment,
      model: '/models/SmolLM2-135M',
      adapter: { method: ['lora', 'pissa', 'lamda'][i % 3], rank: 8 << (i % 4) },
      training: { max_steps: 100 },
    },
    source: { file: `/work/${experiment}.tune.yaml`, overrides: [] },
    seed: 42,
    facts: {
      total_steps: LINES_EACH,
      device: { provider: 'cpu', reason: 'no GPU' },
      placement: Array.from({ length: 6 }, (_, n) => ({
        session: `step ${n}`,
        provider: 'cpu',
        nodes: 1000,
      })),
      trainable: 186_880,
    },
    last: { step: 100, loss: 2.2 },
    first_eval: { step: 0, loss: 5, perplexity: 148 },
    last_eval: evaluation,
    best_eval: evaluation,
    ...change,
  };
  writeFileSync(join(run, 'run.json'), JSON.stringify(record, undefined, 2));
  const lines = Array.from({ length: 100 }, (_, n) => trainLine(n + 1));
  writeFileSync(join(run, 'metrics.jsonl'), `${lines.join('\n')}\n`);
  if (i % 10 === 0) writeFileSync(join(run, 'user.json'), JSON.stringify({ star: true, tags: ['paper'] }));
  return run;
}

function trainLine(step) {
  return JSON.stringify({
    step,
    split: 'train',
    loss: 5 / Math.sqrt(step),
    learning_rate: 1e-3,
    grad_norm: 1.234567,
    tokens: 1024,
    input_tokens: 1100,
    trainable: 186_880,
    seconds: 0.123456,
    rss_mb: 512.5,
  });
}

async function load() {
  const source = join(import.meta.dirname, '..', '..', 'src');
  const out = join(folder, 'model.mjs');
  await build({
    stdin: {
      contents: `
        export { RunScanner } from './runs/survey/scanner';
        export { collectView } from './extension/features/runs/view';
        export { parseQuery } from './extension/features/runs/query/parse';
        export { matches } from './extension/features/runs/query/match';
        export { thisProcess } from './runs/process';`,
      resolveDir: source,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: out,
    logLevel: 'error',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return import(pathToFileURL(out).href);
}
