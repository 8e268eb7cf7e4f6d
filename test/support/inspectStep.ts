import { buildLogitsGraph, LOGITS } from '../../src/engine/training/stepGraph';
import { readExperiment } from '../../src/protocol/experiment/read';
import type { TrainContext } from '../../src/trainer/context';
import { prepareRun } from '../../src/trainer/training/prepare';
import type { FirstStep } from '../parity/engine';

/** Prepares a run and takes it through one forward and backward pass, without any of the process around it. */
export async function gradientInspection(config: string, cache: string): Promise<FirstStep> {
  process.env['EIGENLOOM_CACHE'] = cache;
  const { experiment } = readExperiment(config);
  const prepared = await prepareRun(silentContext(experiment));
  const { loop } = prepared;
  const { parts } = loop;
  try {
    await loop.begin();
    const sessions = loop.current();
    const parameters = new Map(
      [...(await sessions.values())].map(([name, data]) => [name, data.slice()] as const),
    );
    const { batches } = loop.next();
    const [first] = batches;
    if (first === undefined) throw new Error('the step has no batch');
    const spec = { ...parts.spec, slabs: sessions.slabs, recompute: 'none' as const };
    const session = await parts.runtime.createSession(buildLogitsGraph(spec), {
      label: 'logits',
      weightsFolder: parts.weightsFolder,
    });
    const { host } = await session.run({ ...first.feeds, ...sessions.modelFeeds() });
    const data = host[LOGITS]?.data;
    if (!(data instanceof Float32Array)) throw new Error('the graph gave no logits');
    const logits = data.slice(0, first.tokens * spec.config.vocabSize);
    let loss = 0;
    for (const [i, { feeds }] of batches.entries()) loss += await sessions.accumulate(feeds, i === 0);
    const gradients = new Map(
      [...(await sessions.gradients())].map(([name, values]) => [name, values.slice()] as const),
    );
    return { loss, gradients, parameters, logits };
  } finally {
    await loop.dispose();
    await prepared.dispose();
  }
}

function silentContext(experiment: TrainContext['experiment']): TrainContext {
  const nothing = (): void => undefined;
  const refuse = (): Promise<never> => Promise.reject(new Error('an inspection writes nothing'));
  return {
    folder: '',
    experiment,
    resume: undefined,
    recorded: {},
    checkpoints: { save: refuse, latest: () => undefined },
    emit: nothing,
    emitChange: nothing,
    log: nothing,
    warn: nothing,
    progress: nothing,
    record: nothing,
    writeJson: nothing,
    saveAdapter: refuse,
    stopRequested: () => false,
    signal: new AbortController().signal,
  };
}
