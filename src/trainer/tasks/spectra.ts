import { matchesTarget, selectModules } from '../../engine/adapters/targets';
import { linearModules } from '../../engine/models/modules';
import { effectiveRank, energyShare, stableRank } from '../../engine/spectra/measures';
import type { SpectraRequest } from '../../protocol/tasks';
import { createRuntime } from '../../runtime/onnxRuntime';
import { formatNumber } from '../cli/format';
import { type ModuleSpectrum, ModuleSpectra } from '../spectra/moduleSpectra';
import { openPretrained } from '../training/model';
import type { TaskOutput } from './output';
import { progressNotes } from './progress';

/** The ranks at which a person is told the energy. */
const SHOWN_RANKS = [8, 16, 32, 64];
/** Columns of the text form, by their width; the module's comes before them. */
const WIDTH = 10;

/** Prints the singular values of a model's linear layers, each as it is ready. Throws `InputError`. */
export async function spectra(request: SpectraRequest, output: TaskOutput): Promise<void> {
  const { model, pattern, fast, json, top } = request;
  const progress = progressNotes(output);
  const opened = await openPretrained(model, { onProgress: progress });
  const all = linearModules(opened.config);
  const modules =
    pattern === undefined
      ? all
      : selectModules(all, [pattern], undefined, '--modules').filter(({ path }) =>
          matchesTarget(pattern, path),
        );
  const cpu = await createRuntime('cpu');
  const source = new ModuleSpectra(cpu);
  const widest = Math.max(...modules.map(({ path }) => path.length));
  if (!json) output.print(`${['module'.padEnd(widest), ...HEADS.map(cell)].join(' ').trimEnd()}\n`);
  try {
    const { signal } = new AbortController();
    let done = 0;
    for await (const found of source.of(opened, modules, fast ? 'fast' : 'exact', signal)) {
      output.print(
        json
          ? lineJson(found, top)
          : `${[found.module.path.padEnd(widest), ...cellsOf(found)].join(' ').trimEnd()}\n`,
      );
      progress({ what: 'decomposing the weights', fraction: ++done / modules.length });
    }
  } finally {
    await source.dispose();
    await cpu.dispose();
  }
}

/** One line of the contract: values descending, the bound absolute. */
function lineJson(
  { module, values, frobenius, errorBound, exact }: ModuleSpectrum,
  top: number | undefined,
): string {
  const line = {
    module: module.path,
    shape: [module.outputs, module.inputs],
    values: [...values.subarray(0, top)],
    frobenius,
    error_bound: errorBound,
    exact,
  };
  return `${JSON.stringify(line)}\n`;
}

const HEADS = [
  'shape',
  'sigma 1',
  'eff. rank',
  'stable',
  ...SHOWN_RANKS.map((rank) => `E(${rank})`),
  'error <',
];

function cellsOf({ module, values, frobenius, errorBound, exact }: ModuleSpectrum): string[] {
  return [
    `${module.outputs}x${module.inputs}`,
    formatNumber(values[0] ?? 0),
    // Of the top values alone it cannot be told.
    exact ? effectiveRank(values).toFixed(1) : '-',
    stableRank(values, frobenius).toFixed(2),
    ...SHOWN_RANKS.map((rank) => `${(100 * energyShare(values, frobenius, rank)).toFixed(1)} %`),
    formatNumber(errorBound),
  ].map(cell);
}

function cell(text: string): string {
  return text.padStart(WIDTH);
}
