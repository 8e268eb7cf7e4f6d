import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { Experiment } from '../../src/protocol/experiment/types';
import type { ChangeLine } from '../../src/protocol/run/changes';
import type { MetricLine } from '../../src/protocol/run/metrics';
import type { RunFacts } from '../../src/protocol/run/record';
import type { TrainContext } from '../../src/trainer/context';

/** What a training loop told, in order. */
export interface Told {
  readonly metrics: MetricLine[];
  readonly changes: ChangeLine[];
  readonly warnings: string[];
  readonly log: string[];
  /** Every call of `record`. */
  readonly facts: Partial<RunFacts>[];
}

/** A context for the training loop that keeps in memory what it is told; only the result goes into `folder`. */
export function memoryContext(
  experiment: Experiment,
  folder: string,
): { readonly context: TrainContext; readonly told: Told } {
  const told: Told = { metrics: [], changes: [], warnings: [], log: [], facts: [] };
  const nothing = (): void => undefined;
  const context: TrainContext = {
    folder,
    experiment,
    resume: undefined,
    recorded: {},
    checkpoints: {
      save: (step) => Promise.resolve({ step, folder }),
      latest: () => undefined,
    },
    emit: (line) => {
      told.metrics.push(line);
    },
    emitChange: (line) => {
      told.changes.push(line);
    },
    log: (line) => {
      told.log.push(line);
    },
    warn: (text) => {
      told.warnings.push(text);
    },
    progress: nothing,
    record: (facts) => {
      told.facts.push(facts);
    },
    writeJson: nothing,
    saveAdapter: async (write) => {
      const target = path.join(folder, 'adapter');
      await fs.mkdir(target, { recursive: true });
      await write(target);
      return target;
    },
    stopRequested: () => false,
    signal: new AbortController().signal,
  };
  return { context, told };
}
