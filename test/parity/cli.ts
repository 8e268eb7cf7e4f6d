import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseRecord, stringAt } from './decode';
import { historyOfMetrics } from './history';
import type { History } from './history';

const root = resolve(import.meta.dirname, '..', '..');
const bundle = join(root, 'dist', 'cli.js');

/** A finished `eigenloom run`. */
export interface FinishedRun {
  readonly folder: string;
  readonly history: History;
}

/** Runs the built command line and returns its standard output; rejects with its standard error on a failure. */
export function eigenloom(args: readonly string[], cache: string): Promise<string> {
  if (!existsSync(bundle)) throw new Error(`${bundle} is not there: npm run build`);
  const child = spawn(process.execPath, [bundle, ...args], {
    env: { ...process.env, EIGENLOOM_CACHE: cache },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out: string[] = [];
  const complaints: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => complaints.push(text));
  return new Promise((fulfil, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) fulfil(out.join(''));
      else
        reject(
          new Error(`eigenloom ${args.join(' ')}: exit ${code ?? 'by a signal'}\n${complaints.join('')}`),
        );
    });
  });
}

/** Trains a `*.tune.yaml` to its end in the trainer process, as a user's `eigenloom run` does. */
export async function train(config: string, runs: string, cache: string): Promise<FinishedRun> {
  const out = await eigenloom(['run', config, '--runs', runs, '--json'], cache);
  const lines = out
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parseRecord);
  const first = lines[0] ?? {};
  const last = lines.at(-1) ?? {};
  if (last['status'] !== 'done') throw new Error(`the run did not finish: ${JSON.stringify(last)}`);
  return { folder: resolve(stringAt(first, 'run')), history: historyOfMetrics(lines) };
}
