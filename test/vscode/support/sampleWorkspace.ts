import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './places';

/** The experiment that tests run: the sample's LaMDA, short. */
export const TINY = 'tiny.tune.yaml';

/** The same made long, for what happens while a run is at work. */
export const LONG = 'long.tune.yaml';

/** The same with steps enough that something can happen meanwhile, and few enough to wait for its end. */
export const SHORT = 'short.tune.yaml';

/**
 * Copies the sample into a folder, and puts three experiments beside its own: a tiny one that is done in seconds, a
 * short one, and a long one that never ends by itself within a test.
 */
export function makeSampleWorkspace(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const sample = join(ROOT, 'media', 'sample');
  for (const name of [
    'model',
    'data',
    'lamda.tune.yaml',
    'lora.tune.yaml',
    'pissa.tune.yaml',
    'full.tune.yaml',
  ]) {
    cpSync(join(sample, name), join(folder, name), { recursive: true });
  }
  const whole = readFileSync(join(sample, 'lamda.tune.yaml'), 'utf8');
  const small = change(whole, {
    'max_length: 128': 'max_length: 32',
    'batch_size: 16': 'batch_size: 2',
    'rank: 32': 'rank: 4',
    'warmup_steps: 10': 'warmup_steps: 2',
  });
  writeFileSync(
    join(folder, TINY),
    change(small, {
      'name: sample-lamda': 'name: tiny',
      'max_steps: 200': 'max_steps: 12',
      'evaluation: { every: 50 }': 'evaluation: { every: 6 }',
      'checkpoint: { every: 50, keep: 1 }': 'checkpoint: { every: 6, keep: 1 }',
    }),
  );
  writeFileSync(
    join(folder, SHORT),
    change(small, {
      'name: sample-lamda': 'name: short',
      'max_steps: 200': 'max_steps: 150',
      'evaluation: { every: 50 }': 'evaluation: { every: 100000 }',
      'checkpoint: { every: 50, keep: 1 }': 'checkpoint: { every: 20, keep: 1 }',
    }),
  );
  writeFileSync(
    join(folder, LONG),
    change(small, {
      'name: sample-lamda': 'name: long',
      'max_steps: 200': 'max_steps: 100000',
      'evaluation: { every: 50 }': 'evaluation: { every: 100000 }',
      'checkpoint: { every: 50, keep: 1 }': 'checkpoint: { every: 20, keep: 1 }',
    }),
  );
}

/** Replaces pieces of a text. Throws where one is not there: the sample has changed, and the tests must follow. */
function change(text: string, pieces: Readonly<Record<string, string>>): string {
  return Object.entries(pieces).reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`the sample has no '${from}' any more`);
    return changed.replace(from, to);
  }, text);
}
