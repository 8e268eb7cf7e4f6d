import type { AdaptedLayer } from '../../../engine/adapters/layer';
import { modulesOf } from '../../../engine/adapters/targets';
import { type Entry, entryOf, textsOf } from '../language/entries';
import { meanEnergy, type Outlook } from './outlook';
import { cutAt, POINTS, type Spark } from './sparkline';
import { percent } from './texts';

/** What stands at the end of a line. */
export interface Mark {
  /** Where in the text the line is. */
  readonly offset: number;
  readonly sparks: readonly Spark[];
  readonly text: string;
}

/** The spectrum and the energy kept, beside the rank and beside each target module. */
export function marksOf(entries: readonly Entry[], outlook: Outlook): readonly Mark[] {
  const { known, layers } = outlook;
  const rank = entryOf(entries, ['adapter', 'rank']);
  const marks: Mark[] = [];
  if (known.length < layers.length) {
    if (rank === undefined) return [];
    return [
      { offset: rank.keySpan.start, sparks: [], text: `spectrum: ${known.length} of ${layers.length}` },
    ];
  }
  if (rank !== undefined) {
    marks.push({
      offset: rank.keySpan.start,
      sparks: [sparkOf('', layers, outlook)],
      text: rankText(outlook),
    });
  }
  return [...marks, ...targetMarks(entries, outlook)];
}

/** The layers that each target names, as they are written; of all linear layers each kind. */
function targetGroups(
  targets: readonly string[],
  layers: readonly AdaptedLayer[],
): readonly { readonly target: string; readonly layers: readonly AdaptedLayer[] }[] {
  const names = targets.length > 0 ? targets : [...new Set(layers.map(({ kind }) => kind))];
  return names
    .map((target) => ({ target, layers: modulesOf(target, layers) }))
    .filter(({ layers: found }) => found.length > 0);
}

function rankText(outlook: Outlook): string {
  const { adapter, layers, ranks, byGradient } = outlook;
  const word = adapter.method === 'lamda++' ? 'mean r' : 'r';
  if (byGradient) {
    const what = adapter.method === 'lamda++' ? 'ranks' : 'directions';
    return `${word} ${adapter.rank}: ${what} by the gradient’s spectrum, found when a run begins`;
  }
  const mean = layers.reduce((sum, { path }) => sum + (ranks.get(path) ?? 0), 0) / layers.length;
  return `${word} ${Math.round(mean)} keeps ${percent(keptBy(layers, outlook))} of the energy`;
}

function targetMarks(entries: readonly Entry[], outlook: Outlook): Mark[] {
  const { layers, byGradient } = outlook;
  const entry = entryOf(entries, ['adapter', 'target_modules']);
  if (entry === undefined) return [];
  const items = entry.kind === 'list' ? textsOf(entry) : [];
  if (items.length > 0 && !entry.flow) {
    return items.flatMap(({ text, span }) => {
      const found = modulesOf(text, layers);
      if (found.length === 0) return [];
      const energy = byGradient ? '' : percent(keptBy(found, outlook));
      return [{ offset: span.start, sparks: [sparkOf(text, found, outlook)], text: energy }];
    });
  }
  const sparks = targetGroups(
    items.map(({ text }) => text),
    layers,
  ).map(({ target, layers: found }) => sparkOf(target, found, outlook));
  return sparks.length === 0 ? [] : [{ offset: entry.keySpan.start, sparks, text: '' }];
}

/** The mean of some layers' spectra, each as a share of its largest value. */
function sparkOf(
  label: string,
  layers: readonly AdaptedLayer[],
  { spectra, ranks, byGradient, adapter }: Outlook,
): Spark {
  const heights = new Float32Array(POINTS);
  let cut = 0;
  for (const { path, inputs, outputs } of layers) {
    const own = spectra.get(path)?.heights;
    for (let i = 0; i < POINTS; i++) heights[i] = (heights[i] ?? 0) + (own?.[i] ?? 0) / layers.length;
    cut += cutAt(ranks.get(path) ?? 1, Math.min(inputs, outputs)) / layers.length;
  }
  // One rank for all is known, whatever directions they are; what a budget comes to is not.
  return { label, heights, cut: byGradient && adapter.method === 'lamda++' ? undefined : cut };
}

function keptBy(layers: readonly AdaptedLayer[], { spectra, ranks }: Outlook): number {
  return meanEnergy(layers, spectra, ({ path }) => ranks.get(path) ?? 1);
}
