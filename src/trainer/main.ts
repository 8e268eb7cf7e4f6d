import { resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { answerSvdRequests } from '../runtime/svdThread';
import { EXIT } from './exit';
import { answerInspector } from './inspect/process';
import { runTrainer } from './lifecycle';
import { answerTask } from './tasks';
import { train } from './train';

/**
 * The trainer's process: `trainer.js train <run folder>`, `trainer.js task` with a request by message, or
 * `trainer.js inspect`, which answers an editor's questions until that goes. Its threads decompose matrices.
 */
async function main([mode, folder]: readonly string[]): Promise<number> {
  if (mode === 'train' && folder !== undefined) return runTrainer(resolve(folder), train);
  if (mode === 'task') return answerTask();
  if (mode === 'inspect') return answerInspector();
  process.stderr.write(
    'This is the trainer of eigenloom; start it by `eigenloom run` or `eigenloom resume`.\n',
  );
  return EXIT.wrongInput;
}

if (isMainThread) {
  void main(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
} else {
  answerSvdRequests();
}
