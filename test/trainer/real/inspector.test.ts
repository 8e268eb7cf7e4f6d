import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { disposable } from '../../../src/base/disposable';
import { inspectorApi } from '../../../src/protocol/inspector';
import { connect } from '../../../src/protocol/rpc';
import { RealBench } from './support/realBench';

const bench = new RealBench();
beforeAll(() => bench.open(), 60_000);
afterAll(() => bench.close());

it('ends with the editor, whatever threads of it are at work', async () => {
  const child = fork(join(bench.folder, 'trainer.js'), ['inspect'], { serialization: 'advanced' });
  const exited = once(child, 'exit');
  const { calls } = connect({}, {}, inspectorApi, {
    post: (message) => child.send(message as object),
    listen: (heard) => {
      child.on('message', heard);
      return disposable(() => child.off('message', heard));
    },
  });
  const model = join(bench.folder, 'model');
  const [first] = (await calls.model(model)).modules;
  // All singular values are found in threads.
  const { exact, values } = await calls.spectrum(model, first?.paths[0] ?? '', 'exact');
  expect([exact, values.length > 0]).toEqual([true, true]);
  child.disconnect();
  expect(await exited).toEqual([0, null]);
});
