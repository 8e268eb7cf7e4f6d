import { readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { planSlabs, slabsSize } from '../../engine/training/parameters';
import { parseExperiment } from '../../protocol/experiment/parse';
import { readExperiment } from '../../protocol/experiment/read';
import type { Locate } from '../../protocol/experiment/source';
import type { Experiment } from '../../protocol/experiment/types';
import type { Preflight } from '../../protocol/inspector';
import { placedBy } from '../places';
import { storedFactors } from '../training/adapters';
import { checkExperiment } from '../training/checks';
import { droppedRows, loadRunData, type RunData } from '../training/data';
import type { OpenedModel } from '../training/model';
import { planRun, planSpec, type RunPlan } from '../training/plan';
import { adaptedModules, evenRanks, type Ranks } from '../../plan/ranks';
import { type Devices, freeMemory } from './devices';
import { diskFindings } from './disk';
import { Findings } from './findings';
import type { OpenedModels } from './openedModels';
import { plannedModel } from './plannedModel';

interface Sources {
  readonly models: OpenedModels;
  readonly devices: Devices;
}

/** Data files larger than this (bytes) in all are looked at by their first rows only. */
const MUCH_DATA = 100e6;
const FIRST_ROWS = 20_000;

/**
 * Everything that a run checks before its first step, but for what takes the weights: by the run's own code, so that
 * what is said here is what would happen.
 */
export async function preflight(
  file: string,
  overrides: readonly string[],
  { models, devices }: Sources,
): Promise<Preflight> {
  const findings = new Findings();
  const read = await findings.attempt(() => readExperiment(file, overrides));
  if (read === undefined) return { findings: findings.list };
  const { experiment, warnings } = read;
  for (const warning of warnings) findings.warnOf(warning);
  const locate = locator(file, overrides);
  const attempt = <T>(step: () => Promise<T>): Promise<T | undefined> =>
    findings.attempt(async () => {
      try {
        return await step();
      } catch (thrown) {
        throw placedBy(thrown, (path) => locate(path, 'value'));
      }
    });

  // Devices are tried out in processes of their own, while this one reads.
  const choosing = attempt(() => devices.choose(experiment.device));
  const opened = await attempt(() =>
    models.open(experiment.model, (config, path) => checkExperiment(experiment, config, path)),
  );
  const data = opened && (await attempt(() => readData(experiment, opened, findings)));
  const run = opened && data && (await attempt(async () => planned(experiment, opened, data)));
  const choice = await choosing;
  if (choice !== undefined && experiment.device === 'auto') {
    findings.info(`It trains on ${choice.device}: ${choice.why}.`);
  }
  if (opened === undefined || run === undefined) {
    return { findings: findings.list, ...(choice === undefined ? {} : { device: choice.device }) };
  }
  const { memory } = planSpec(experiment, run, plannedModel(opened), (choice?.device ?? 'cpu') === 'cpu');
  const free = freeMemory();
  if (memory.total > free) {
    findings.warn(
      `It is predicted to take ${gigabytes(memory.total)} of memory, and ${gigabytes(free)} are free. ` +
        'Close other programs, or lower training.batch_size or data.max_length.',
    );
  }
  const trainable = slabsSize(planSlabs(run.training.phases[0]?.parameters ?? []));
  await diskFindings(findings, { file, experiment, opened, trainable });
  return {
    findings: findings.list,
    ...(choice === undefined ? {} : { device: choice.device }),
    predicted_mb: Math.round(memory.resident / 1e6),
    available_mb: Math.round(free / 1e6),
    trainable,
    steps: run.steps,
  };
}

function locator(file: string, overrides: readonly string[]): Locate {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // It has just been read: who removed it meanwhile gets the sentences without their places.
    return () => ({ file });
  }
  return parseExperiment(text, file, overrides).locate;
}

/** The rows as a run reads them; of very much data the first, since reading it takes minutes. */
async function readData(experiment: Experiment, opened: OpenedModel, findings: Findings): Promise<RunData> {
  const { data } = experiment;
  let bytes = 0;
  for (const path of [...data.train, ...(data.eval ?? [])]) bytes += (await fs.stat(path)).size;
  const cut = bytes > MUCH_DATA;
  const capped = (rows: number | null): number | null =>
    cut ? Math.min(rows ?? Infinity, FIRST_ROWS) : rows;
  if (cut) findings.info(`Only the first ${FIRST_ROWS} rows were looked at: there is much data.`);
  const looked: Experiment = {
    ...experiment,
    data: { ...data, max_rows: capped(data.max_rows), max_eval_rows: capped(data.max_eval_rows) },
  };
  const context = { progress: () => undefined, signal: new AbortController().signal };
  const rows = await loadRunData(looked, opened.tokenizer, context);
  const dropped = droppedRows(rows.facts);
  if (dropped !== undefined) findings.warn(`${dropped}.`);
  return rows;
}

async function planned(experiment: Experiment, opened: OpenedModel, data: RunData): Promise<RunPlan> {
  const { adapter } = experiment;
  // LaMDA++'s own ranks take the spectra, and so the weights: its memory is told by the mean.
  const ranks: Ranks =
    adapter.method === 'full' ? new Map() : evenRanks(adapter, adaptedModules(adapter, opened.config));
  const run = planRun(experiment, opened, data, ranks);
  if (adapter.method !== 'full' && adapter.init_from !== null) {
    await storedFactors(
      adapter,
      adapter.init_from,
      [...run.training.adapters.values()].map(({ module }) => module),
    );
  }
  return run;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
