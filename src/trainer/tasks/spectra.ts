import { InputError } from '../../base/errors';
import { matchesTarget, selectModules } from '../../engine/adapters/targets';
import type { Runtime } from '../../engine/graph/runtime';
import { type LinearModule, linearModules } from '../../engine/models/modules';
import type { SpectraRequest } from '../../protocol/tasks';
import { createRuntime } from '../../runtime/onnxRuntime';
import type { ProgressNote } from '../context';
import { stateOfRun } from '../inference/runState';
import {
  type ComparedWeights,
  openWeights,
  WeightsDifference,
  weightsOfRun,
} from '../spectra/comparedWeights';
import { ModuleSpectra } from '../spectra/moduleSpectra';
import { readChanges, relatedChange, type RunChanges } from '../spectra/runChange';
import { relateDifference } from '../spectra/weightRelations';
import { openPretrained, type OpenedModel } from '../training/model';
import type { TaskOutput } from './output';
import { progressNotes } from './progress';
import { type PrintedSpectrum, spectrumJson, spectrumTable } from './spectrumText';

/** The matrices that are asked for, and how their spectra are found one after the other. */
interface Source {
  readonly modules: readonly LinearModule[];
  readonly spectra: (
    modules: readonly LinearModule[],
    quality: 'exact' | 'fast',
  ) => AsyncIterable<PrintedSpectrum>;
}

/**
 * Prints the singular values of a model's linear layers, of the difference of two models, or of what a run has changed,
 * each as it is ready. Throws `InputError`.
 */
export async function spectra(request: SpectraRequest, output: TaskOutput): Promise<void> {
  const { pattern, fast, json, top } = request;
  const progress = progressNotes(output);
  const cpu = await createRuntime('cpu');
  const decomposer = new ModuleSpectra(cpu);
  try {
    const source = await sourceOf(request, decomposer, cpu, progress);
    const modules = pattern === undefined ? source.modules : matching(source.modules, pattern);
    const changes = request.target.kind === 'run' || request.base !== undefined;
    const table = spectrumTable(modules, changes);
    if (!json) output.print(table.head);
    let done = 0;
    for await (const found of source.spectra(modules, fast ? 'fast' : 'exact')) {
      output.print(json ? spectrumJson(found, top) : table.row(found));
      progress({ what: 'decomposing the weights', fraction: ++done / modules.length });
    }
  } finally {
    await decomposer.dispose();
    await cpu.dispose();
  }
}

function matching(modules: readonly LinearModule[], pattern: string): readonly LinearModule[] {
  return selectModules(modules, [pattern], undefined, '--modules').filter(({ path }) =>
    matchesTarget(pattern, path),
  );
}

async function sourceOf(
  { target, base }: SpectraRequest,
  decomposer: ModuleSpectra,
  cpu: Runtime,
  progress: (note: ProgressNote) => void,
): Promise<Source> {
  const open = (path: string): Promise<OpenedModel> => openPretrained(path, { onProgress: progress });
  if (target.kind === 'run') {
    if (base !== undefined) {
      throw new InputError({
        what: 'the change of a run is that of its own model',
        key: '--base',
        got: base,
        remedy: 'Leave --base out, or compare an exported model.',
      });
    }
    const state = stateOfRun(target.path);
    const { experiment, step } = state;
    if (experiment.adapter.method === 'full') {
      const difference = new WeightsDifference(
        await openWeights(experiment.model, open),
        await weightsOfRun(state, open),
      );
      return differenceSource(difference, decomposer, cpu, step);
    }
    return changeSource(await readChanges(state, await open(experiment.model)), cpu);
  }
  if (base !== undefined) {
    const [before, after] = [await openWeights(base, open), await openWeights(target.path, open)];
    return differenceSource(new WeightsDifference(before, after), decomposer, cpu);
  }
  const { config, source } = await open(target.path);
  const { signal } = new AbortController();
  return {
    modules: linearModules(config),
    spectra: (modules, quality) => decomposer.of(source, modules, quality, signal),
  };
}

/** The difference of two models; every layer must be there in both. */
function differenceSource(
  difference: WeightsDifference,
  decomposer: ModuleSpectra,
  cpu: Runtime,
  step?: number,
): Source {
  const { signal } = new AbortController();
  const paths = (weights: ComparedWeights): string[] => linearModules(weights.config).map(({ path }) => path);
  return {
    // Of both: one that has more layers is told of, too.
    modules: [...new Set([...paths(difference.base), ...paths(difference.tuned)])].map((path) =>
      difference.module(path),
    ),
    spectra: async function* (modules, quality) {
      for await (const found of decomposer.of(difference, modules, quality, signal)) {
        const relation = await relateDifference(difference, found, { cpu, signal });
        yield { ...found, relation, ...(step === undefined ? {} : { step }) };
      }
    },
  };
}

/** What a run's adapter changes. Its factors tell every value; the quality is that of the factors. */
function changeSource(changes: RunChanges, cpu: Runtime): Source {
  const options = { cpu, signal: new AbortController().signal };
  const { step } = changes.state;
  return {
    modules: [...changes.changes.values()].map(({ module }) => module),
    spectra: async function* (modules) {
      for (const module of modules) {
        const { change, relation } = await relatedChange(changes, module.path, false, options);
        const { values, frobenius, errorBound } = change;
        yield { module, values, frobenius, errorBound, exact: true, relation, step };
      }
    },
  };
}
