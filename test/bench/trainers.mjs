import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const cli = join(here, '..', '..', 'dist', 'cli.js');
const quiet = { encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'inherit'] };

/** The middle one. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Makes what both trainers read: models and the adapter that both start from. */
export function prepare(workload, options) {
  const fetch = (...args) => execFileSync(options.python, [join(here, 'fetch_smollm2.py'), ...args], quiet);
  const instruct = join(options.models, 'SmolLM2-135M-Instruct');
  const shape = join(options.models, 'smollm2-shape');
  fetch('instruct', instruct);
  if (workload === 'dense') fetch('shape', shape, '--tokenizer', instruct);
  fetch('adapter', join(options.work, 'adapter'), '--model', workload === 'dense' ? shape : instruct);
}

/** Our trainer, from the run's own metrics. */
export function runOurs(experiment, options) {
  const runs = mkdtempSync(join(options.work, 'runs-'));
  const args = [cli, 'run', experiment, '--runs', runs, '--json'];
  const env = { ...process.env, EIGENLOOM_CACHE: join(options.work, 'cache') };
  const lines = execFileSync(process.execPath, args, { ...quiet, env })
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const steps = lines.filter((line) => line.split === 'train');
  const timed = steps.slice(options.warmup);
  const seconds = timed.reduce((sum, step) => sum + step.seconds, 0);
  return {
    seconds_per_step: median(timed.map((step) => step.seconds)),
    supervised_tokens_per_s: timed.reduce((sum, step) => sum + step.tokens, 0) / seconds,
    input_tokens_per_s: timed.reduce((sum, step) => sum + step.input_tokens, 0) / seconds,
    peak_rss_mb: steps.at(-1).rss_mb,
    predicted_mb: JSON.parse(readFileSync(join(runs, readdirSync(runs)[0], 'run.json'), 'utf8')).facts.memory
      .predicted_mb,
    losses: steps.map((step) => step.loss),
  };
}

/** Transformers + PEFT, in a process of its own. */
export function runPeer(experiment, contestant, options) {
  const args = [join(here, 'peft_bench.py'), experiment, '--threads', String(options.threads)];
  args.push('--warmup', String(options.warmup), ...(contestant.checkpointing ? ['--checkpointing'] : []));
  return JSON.parse(execFileSync(options.python, args, quiet).trim().split('\n').at(-1));
}
