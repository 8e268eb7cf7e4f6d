import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { stringify } from 'yaml';
import { isRecord } from '../../../../src/base/guards';
import { tinyPairs, writeJsonLines, writeModelFolder } from '../../../support/modelFolder';
import { Bench, metricsOf } from '../../support/cli';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');

/** Sections of an experiment that take the place of the usual ones, key by key. */
export type Sections = Readonly<Record<string, Readonly<Record<string, unknown>> | string>>;

/** A bench with the real trainer, a tiny model, some rows, and a cache of its own. */
export class RealBench extends Bench {
  override async open(): Promise<void> {
    process.env['EIGENLOOM_CACHE'] = join(this.folder, 'cache');
    // The bundles lie outside the checkout, where no onnxruntime-node is beside them.
    process.env['NODE_PATH'] = join(ROOT, 'node_modules');
    for (const [entry, out] of [
      ['cli.ts', 'cli.js'],
      ['main.ts', 'trainer.js'],
    ] as const) {
      const entryPoints = [join(ROOT, 'src', 'trainer', entry)];
      await build({
        entryPoints,
        outfile: join(this.folder, out),
        bundle: true,
        platform: 'node',
        format: 'cjs',
        logLevel: 'warning',
        external: ['onnxruntime-node'],
      });
    }
    await writeModelFolder(join(this.folder, 'model'));
    await writeJsonLines(join(this.folder, 'train.jsonl'), tinyPairs(50));
    await writeJsonLines(join(this.folder, 'eval.jsonl'), tinyPairs(60).slice(50));
  }

  /** Writes an experiment over the tiny model, and returns its path. */
  tune(name: string, sections: Sections = {}): string {
    const usual: Sections = {
      model: 'model',
      data: {
        train: 'train.jsonl',
        eval: 'eval.jsonl',
        prompt: 'Question: {question}\nAnswer: ',
        completion: '{answer}',
        max_length: 64,
      },
      adapter: {},
      training: { max_steps: 3, batch_size: 3, learning_rate: 0.002, scheduler: 'cosine' },
      evaluation: {},
      checkpoint: {},
      device: 'cpu',
    };
    const experiment = Object.fromEntries(
      Object.entries({ ...usual, ...sections }).map(([key, value]) => {
        const before = usual[key];
        return [
          key,
          typeof value === 'object' && typeof before === 'object' ? { ...before, ...value } : value,
        ];
      }),
    );
    const file = join(this.folder, `${name}.tune.yaml`);
    writeFileSync(file, stringify(experiment));
    return file;
  }

  /** The one run of that name. */
  runOf(name: string): string {
    const [folder] = this.found(name);
    if (folder === undefined) throw new Error(`there is no run ${name}`);
    return folder;
  }
}

/** What of a metric line is the same however often a run is interrupted: all but time and memory. */
function lasting(line: string): unknown {
  const value: unknown = JSON.parse(line);
  if (!isRecord(value)) throw new TypeError(`no metric line: ${line}`);
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'seconds' && key !== 'rss_mb'));
}

/** The lasting part of every whole line of a run's metrics. */
export function curveOf(folder: string): unknown[] {
  return metricsOf(folder).split('\n').slice(0, -1).map(lasting);
}

/** `changes.jsonl` of a run as it is; undefined where there is none. */
export function changesOf(folder: string): string | undefined {
  const file = join(folder, 'changes.jsonl');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** The files of a run's result with their bytes, in hexadecimal. */
export function resultOf(folder: string): Record<string, string> {
  const adapter = join(folder, 'adapter');
  return Object.fromEntries(
    readdirSync(adapter)
      .sort()
      .map((name) => [name, readFileSync(join(adapter, name)).toString('hex')]),
  );
}

/** Files of a run that no run at rest has: half-written ones, the lock, the request to stop. */
export function leftovers(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const base = name.split(/[\\/]/u).at(-1) ?? '';
    return base.startsWith('.') || base.endsWith('.tmp') || base.startsWith('lock') || base === 'stop';
  });
}
