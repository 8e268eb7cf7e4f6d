import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError, RunError } from '../../../src/base/errors';
import type { Train } from '../../../src/trainer/context';
import { runTrainer } from '../../../src/trainer/lifecycle';

/**
 * A training loop without a model: its loss is a chain in which every step depends on all before, so that a resumed
 * run shows whether it went on from the right state. The experiment's name says how it behaves.
 */
const train: Train = async (context) => {
  const { experiment, resume, checkpoints } = context;
  const total = experiment.training.max_steps ?? 10;
  const { name } = experiment;
  const every = experiment.checkpoint.every ?? 10;
  context.record({ total_steps: total, device: { provider: 'cpu', reason: 'there is no model' } });
  context.progress({ what: 'loading nothing', fraction: 0.5 });
  if (name.includes('wrong'))
    throw new InputError({ what: 'rank 400 is larger than the matrix', key: 'adapter.rank' });
  if (name.includes('crash')) {
    setTimeout(() => {
      throw new TypeError('out of the blue');
    }, 1);
    await sleep(10_000);
  }
  let state = resume === undefined ? 1 : Number(readFileSync(join(resume.folder, 'state'), 'utf8'));
  const loss = (): number => 1 + state / 2 ** 32;
  const evaluate = (step: number): void =>
    context.emit({ step, split: 'eval', loss: loss(), perplexity: Math.exp(loss()) });
  const save = async (step: number): Promise<void> => {
    await checkpoints.save(step, async (folder) => {
      writeFileSync(join(folder, 'state'), String(state).slice(0, 1));
      // Leaves time to be killed in the middle of it.
      await sleep(2);
      writeFileSync(join(folder, 'state'), String(state));
    });
  };
  if (resume === undefined) evaluate(0);
  for (let step = (resume?.step ?? 0) + 1; step <= total; step++) {
    await sleep(name.includes('slow') ? 20 : 3);
    // A test that needs the run at work puts this file beside it, from this step on.
    while (step > 12 && existsSync(`${context.folder}.hold`) && !context.stopRequested()) await sleep(5);
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    context.emit({
      step,
      split: 'train',
      loss: loss(),
      learning_rate: 1e-3,
      grad_norm: 1,
      tokens: 10,
      input_tokens: 20,
      trainable: 4,
      seconds: 0.01,
      rss_mb: 50,
    });
    if (name.includes('fails') && step === 7) {
      throw new RunError({
        what: 'the loss is not a number',
        got: `step ${step}`,
        remedy: 'Lower the learning rate.',
      });
    }
    if (step % every === 0) {
      evaluate(step);
      await save(step);
    }
    if (context.stopRequested() && step < total) {
      await save(step);
      return 'stopped';
    }
  }
  await context.saveAdapter((folder) => {
    writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify({ state }));
  });
  return 'done';
};

void runTrainer(resolve(process.argv[3] ?? ''), train).then((code) => {
  process.exitCode = code;
});
