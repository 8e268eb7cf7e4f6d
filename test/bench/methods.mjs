#!/usr/bin/env node
/**
 * What the methods are worth: each trained on the same rows of a task, at its best of a small search, then with two
 * more seeds. Prints a table as Markdown: evaluation loss, parameter updates, peak memory, time; and where the claims
 * of the papers hold.
 *
 *   node test/bench/methods.mjs gsm8k --data gsm8k --models models --results results [--only lora-1] [--table]
 *
 * --data: a folder with the task's `train` and evaluation files. --models: where SmolLM2-135M-Instruct is.
 * --results: every trial is a run there; one that is done is not done again, one that was cut short goes on, so that a
 * search of many hours can be made in parts. --table: prints what there is, and trains nothing.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { machine } from './machine.mjs';
import { METHODS, TASKS, SEEDS } from './methodTrials.mjs';
import { claimsOf, tableOf } from './methodTable.mjs';

const CLI = join(import.meta.dirname, '..', '..', 'dist', 'cli.js');

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    models: { type: 'string' },
    results: { type: 'string', default: 'results' },
    only: { type: 'string', multiple: true },
    threads: { type: 'string', default: String(availableParallelism()) },
    table: { type: 'boolean', default: false },
  },
});
const task = TASKS[positionals[0] ?? ''];
if (task === undefined || options.data === undefined || options.models === undefined) {
  console.error(
    `usage: methods.mjs ${Object.keys(TASKS).join(' | ')} --data DIR --models DIR [--results DIR]`,
  );
  process.exit(2);
}
const results = resolve(options.results, positionals[0]);
const chosen = Object.entries(METHODS).filter(
  ([name]) => options.only === undefined || options.only.includes(name),
);

mkdirSync(results, { recursive: true });
const [train, evaluation] = ['train', 'evaluation'].map((part) => {
  const file = join(results, `${part}.jsonl`);
  if (!existsSync(file)) writeFileSync(file, task[part](resolve(options.data)).join('\n') + '\n');
  return file;
});
// The searches first, each method's turn after turn, then what came out best with every seed.
const longest = Math.max(...chosen.map(([name]) => searchOf(name).length));
for (let i = 0; i < longest; i++) {
  for (const [name] of chosen) {
    const settings = searchOf(name)[i];
    if (settings !== undefined) trial(name, settings, SEEDS[0]);
  }
}
for (const seed of SEEDS) {
  for (const [name] of chosen) {
    const settings = bestOf(name);
    if (settings !== undefined) trial(name, settings, seed);
  }
}
report();

/** Trains what has not been trained yet. */
function trial(name, settings, seed) {
  const folder = folderOf(name, settings, seed);
  if (options.table || outcomeOf(folder) !== undefined) return;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.tune.yaml`);
  writeFileSync(file, stringify(experiment(METHODS[name], settings, seed)));
  const runs = join(folder, 'runs');
  const begun = existsSync(runs) ? readdirSync(runs).filter((entry) => !entry.startsWith('.')) : [];
  const args = begun.length > 0 ? ['resume', join(runs, begun[0])] : ['run', file, '--runs', runs];
  const { status } = spawnSync(process.execPath, [CLI, ...args, '--json'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const outcome = outcomeOf(folder);
  const told = outcome === undefined ? `ended with ${status}` : `loss ${outcome.loss.toFixed(4)}`;
  console.error(
    `${new Date().toTimeString().slice(0, 8)} ${name} ${labelOf(settings)} seed ${seed}: ${told}`,
  );
}

function experiment({ adapter, curve }, settings, seed) {
  const { learning_rate, freeze, ...rest } = settings;
  const { steps, batch_size } = task;
  return {
    model: resolve(options.models, 'SmolLM2-135M-Instruct'),
    data: { train, eval: evaluation, ...task.rows },
    adapter: { ...adapter, ...rest, ...(freeze === undefined ? {} : { freeze: { fraction: freeze } }) },
    training: { max_steps: steps, batch_size, learning_rate, scheduler: 'cosine', warmup_steps: 5, seed },
    evaluation: { every: curve ? steps / 10 : steps },
    checkpoint: { every: 50, keep: 1 },
    device: 'cpu',
    threads: Number(options.threads),
  };
}

function labelOf(settings) {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}

function folderOf(name, settings, seed) {
  const owner = METHODS[name].trialsOf ?? name;
  return join(results, owner, `${labelOf(settings).replaceAll(' ', '_')}_seed=${seed}`);
}

/** What a trial came to; undefined where it is not done. */
function outcomeOf(folder) {
  const runs = join(folder, 'runs');
  const run = existsSync(runs) ? readdirSync(runs).find((entry) => !entry.startsWith('.')) : undefined;
  if (run === undefined || !existsSync(join(runs, run, 'run.json'))) return undefined;
  const record = JSON.parse(readFileSync(join(runs, run, 'run.json'), 'utf8'));
  if (record.status !== 'done') return undefined;
  const lines = readFileSync(join(runs, run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(JSON.parse);
  const train = lines.filter(({ split }) => split === 'train');
  const curve = lines.filter(({ split }) => split === 'eval').map(({ step, loss }) => ({ step, loss }));
  return {
    loss: curve.at(-1).loss,
    curve,
    updates: train.reduce((sum, { trainable }) => sum + trainable, 0) / train.length,
    peak_mb: train.at(-1).rss_mb,
    seconds: train.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

/** What is searched for a method; nothing where it takes over what is best for another. */
function searchOf(name) {
  return METHODS[name].search ?? [];
}

/** The settings of a search that came to the lowest loss; undefined as long as some are not done. */
function bestOf(name) {
  const { settingsOf } = METHODS[name];
  if (settingsOf !== undefined) return bestOf(settingsOf);
  const done = searchOf(name).map((settings) => ({
    settings,
    loss: outcomeOf(folderOf(name, settings, SEEDS[0]))?.loss,
  }));
  if (done.some(({ loss }) => loss === undefined)) return undefined;
  return done.reduce((best, one) => (one.loss < best.loss ? one : best)).settings;
}

function report() {
  const rows = chosen.map(([name, { title }]) => {
    const tried = searchOf(name).flatMap((settings) => {
      const outcome = outcomeOf(folderOf(name, settings, SEEDS[0]));
      return outcome === undefined ? [] : [{ settings: labelOf(settings), ...outcome }];
    });
    const best = bestOf(name);
    const seeds = SEEDS.flatMap((seed) =>
      best === undefined ? [] : (outcomeOf(folderOf(name, best, seed)) ?? []),
    );
    return { name, title, best: best && labelOf(best), tried, seeds };
  });
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const { processor, cores, vectors } = machine();
  console.log(`${task.title}; ${processor}, ${cores} cores, ${vectors.join(' ')}; ${commit}\n`);
  console.log(tableOf(rows, SEEDS.length));
  console.log(`\n${claimsOf(rows).join('\n')}`);
}
