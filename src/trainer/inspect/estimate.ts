import { setImmediate } from 'node:timers/promises';
import { adaptedModules, evenRanks, type Ranks } from '../../plan/ranks';
import { experimentOf } from '../../protocol/experiment/read';
import type { Experiment } from '../../protocol/experiment/types';
import type { MemoryEstimate, MemoryWay } from '../../protocol/inspector';
import { checkExperiment } from '../training/checks';
import { loadRunData, type RunData } from '../training/data';
import type { MemoryPrediction } from '../training/memory';
import type { OpenedModel } from '../training/model';
import { planRun, planSpec, type RunPlan } from '../training/plan';
import { type Devices, freeMemory } from './devices';
import { type OpenedModels, stampOf } from './openedModels';
import { plannedModel } from './plannedModel';

/** Rows that are looked at: enough to meet the long ones, and read at once. */
const FIRST_ROWS = 2048;
/** As many more as fill this many of the largest batches. */
const BATCHES = 2;
const MOST_ROWS = 1 << 15;
/** The most that `training.gradient_accumulation` may be. */
const MOST_ACCUMULATION = 65_536;

interface Sources {
  readonly models: Pick<OpenedModels, 'open'>;
  readonly devices: Pick<Devices, 'choose'>;
  /** Bytes that programs may take now. */
  readonly free?: () => number;
}

/** A run's peak with other values for some keys. */
type Predict = (experiment: Experiment) => Promise<MemoryPrediction>;

/**
 * What runs of experiments would take of this machine, while they are written: the run's own plan, as in `preflight`,
 * of the first rows alone, which are kept for the next look.
 */
export class Estimates {
  #rows: { readonly key: string; readonly data: RunData } | undefined;

  constructor(private readonly sources: Sources) {}

  /** Throws an InputError for what keeps the experiment from being planned. `known`: the device of `auto`, or ''. */
  async estimate(file: string, source: string, known: string): Promise<MemoryEstimate> {
    const { experiment } = experimentOf(Buffer.from(source), file);
    const { models, devices, free = freeMemory } = this.sources;
    const auto = experiment.device === 'auto';
    const [opened, device] = await Promise.all([
      models.open(experiment.model, (config, path) => checkExperiment(experiment, config, path)),
      auto && known !== '' ? known : devices.choose(experiment.device).then((choice) => choice.device),
    ]);
    const data = await this.rows(experiment, opened);
    const runs = new Map<number, RunPlan>();
    const predict: Predict = async (changed) => {
      // Others who ask are answered in between.
      await setImmediate();
      // Laying out large batches is what takes long, and recomputation changes none.
      const batches = changed.training.batch_size;
      const run = runs.get(batches) ?? planRun(changed, opened, data, ranksOf(changed, opened));
      runs.set(batches, run);
      return planSpec(changed, run, plannedModel(opened), device === 'cpu').memory;
    };
    const memory = await predict(experiment);
    const room = free();
    return {
      device,
      predicted_mb: megabytes(memory.total),
      available_mb: megabytes(room),
      ways: memory.total <= room ? [] : await waysInto(room, experiment, memory, predict),
    };
  }

  private async rows(experiment: Experiment, opened: OpenedModel): Promise<RunData> {
    const { eval_fraction: heldOut, ...data } = experiment.data;
    const wanted = BATCHES * experiment.training.batch_size;
    // In steps, so that the rows are not read anew for each digit that is typed.
    const most = Math.min(MOST_ROWS, Math.max(FIRST_ROWS, 2 ** Math.ceil(Math.log2(wanted))));
    const looked = {
      ...data,
      max_rows: Math.min(data.max_rows ?? Infinity, most),
      max_eval_rows: Math.min(data.max_eval_rows ?? Infinity, most),
    };
    const stamp = await stampOf(...data.train, ...(data.eval ?? []));
    const key = JSON.stringify([opened.tokenizer.hash, looked, stamp]);
    if (this.#rows?.key !== key) {
      const context = { progress: () => undefined, signal: new AbortController().signal };
      const rows = await loadRunData({ ...experiment, data: looked }, opened.tokenizer, context);
      this.#rows = { key, data: rows };
    }
    // Of the first rows a small share may hold none out: the longest of all stand for those.
    const known = this.#rows.data;
    return heldOut === undefined ? known : { ...known, evaluation: known.train };
  }
}

/** LaMDA++'s own ranks take the spectra: its memory is told by the mean. */
function ranksOf({ adapter }: Experiment, { config }: OpenedModel): Ranks {
  return adapter.method === 'full' ? new Map() : evenRanks(adapter, adaptedModules(adapter, config));
}

/** What makes a run fit into `room` bytes: more recomputation, smaller batches, and both where neither is enough. */
async function waysInto(
  room: number,
  experiment: Experiment,
  { recompute: now }: MemoryPrediction,
  predict: Predict,
): Promise<MemoryWay[]> {
  const stronger = (['cheap', 'layers'] as const).filter(
    (level) => now === 'none' || (now === 'cheap' && level === 'layers'),
  );
  const ways: MemoryWay[] = [];
  for (const recompute of stronger) {
    const { total } = await predict({ ...experiment, memory: { recompute } });
    if (total > room) continue;
    ways.push({ recompute, predicted_mb: megabytes(total) });
    break;
  }
  const batch = await smallerBatch(room, experiment, predict);
  if (batch !== undefined) ways.push(batch);
  const strongest = stronger.at(-1);
  if (ways.length > 0 || strongest === undefined) return ways;
  const both = await smallerBatch(room, { ...experiment, memory: { recompute: strongest } }, predict);
  return both === undefined ? [] : [{ recompute: strongest, ...both }];
}

/** The largest batch that fits and is the given one, halved; the rows of an optimiser step stay the same. */
async function smallerBatch(
  room: number,
  experiment: Experiment,
  predict: Predict,
): Promise<MemoryWay | undefined> {
  const { batch_size: size, gradient_accumulation: accumulation } = experiment.training;
  let found: MemoryWay | undefined;
  // 2^low times smaller is too much still; 2^high is the least that could be.
  let low = 0;
  let high = Math.floor(Math.log2(Math.min(size & -size, MOST_ACCUMULATION / accumulation)));
  while (low < high) {
    const times = Math.ceil((low + high) / 2);
    const smaller = { batch_size: size / 2 ** times, gradient_accumulation: accumulation * 2 ** times };
    const { total } = await predict({ ...experiment, training: { ...experiment.training, ...smaller } });
    if (total <= room) {
      found = { ...smaller, predicted_mb: megabytes(total) };
      high = times - 1;
    } else low = times;
  }
  return found;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
