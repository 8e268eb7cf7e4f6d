import { toError } from '../base/errors';
import type { Train, TrainOutcome } from './context';
import { checkEquivalence } from './training/equivalence';
import { prepareRun, type PreparedRun } from './training/prepare';
import { folderBytes, writeResult } from './training/result';

/**
 * One run, from its config to its result: prepares it, checks that the adapters change nothing yet, trains, and writes
 * the result.
 */
export const train: Train = async (context) => {
  try {
    const prepared = await prepareRun(context);
    try {
      return await runLoop(prepared);
    } finally {
      await prepared.dispose();
    }
  } catch (thrown) {
    // Stopped before the first step: there is nothing to save, and resuming begins anew.
    if (context.signal.aborted && toError(thrown).name === 'AbortError') return 'stopped';
    throw thrown;
  }
};

async function runLoop({ loop, model }: PreparedRun): Promise<TrainOutcome> {
  const { parts } = loop;
  const { context, plan, runtime, spec, weightsFolder, layout } = parts;
  try {
    await loop.begin();
    const { adapter } = context.experiment;
    const fresh = loop.fresh && adapter.method !== 'full' && adapter.init_from === null;
    if (fresh) {
      const sessions = loop.current();
      const graphSpec = { ...spec, slabs: sessions.slabs };
      const row = parts.train.row(0);
      const equivalence = await checkEquivalence(
        runtime,
        graphSpec,
        weightsFolder,
        layout,
        row,
        sessions.modelFeeds(),
      );
      context.record({ equivalence });
    }
    const outcome = await loop.run();
    if (outcome === 'done') {
      const values = await loop.finalValues();
      const folder = await context.saveAdapter((target) => writeResult(target, model, plan, values));
      context.record({ adapter_bytes: await folderBytes(folder) });
    }
    return outcome;
  } finally {
    await loop.dispose();
  }
}
