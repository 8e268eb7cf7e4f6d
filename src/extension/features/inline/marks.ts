import type { AdaptedLayer } from '../../../engine/adapters/layer';
import { matchesTarget } from '../../../engine/adapters/targets';
import { rankingSpectrum } from '../../../plan/method';
import { allocateRanks, energyOf, evenRanks, type Ranks } from '../../../plan/ranks';
import type { LowRankConfig } from '../../../protocol/experiment/types';
import type { WeightSpectrum } from '../../../protocol/inspector';
import { type Entry, entryOf, type Span, textsOf } from '../language/entries';
import { cutAt, heightsOf, POINTS, type Spark } from './sparkline';

/** What stands at the end of a line. */
export interface Mark {
  /** Where in the text the line is. */
  readonly offset: number;
  readonly sparks: readonly Spark[];
  readonly text: string;
}

/** What is known of an experiment's adapted layers. */
export interface InlineFacts {
  readonly adapter: LowRankConfig;
  readonly layers: readonly AdaptedLayer[];
  readonly spectra: ReadonlyMap<string, WeightSpectrum>;
}

/** The spectrum and the energy kept, beside the rank and beside each target module. */
export function marksOf(entries: readonly Entry[], facts: InlineFacts): readonly Mark[] {
  const known = facts.layers.filter(({ path }) => facts.spectra.has(path));
  const rank = entryOf(entries, ['adapter', 'rank']);
  const marks: Mark[] = [];
  if (known.length < facts.layers.length) {
    // A mean over some would change with each that is found.
    if (rank === undefined) return [];
    return [
      { offset: rank.keySpan.start, sparks: [], text: `spectrum: ${known.length} of ${facts.layers.length}` },
    ];
  }
  const ranks = ranksOf(facts);
  if (rank !== undefined) {
    const mean = known.reduce((sum, { path }) => sum + (ranks.get(path) ?? 0), 0) / known.length;
    const word = facts.adapter.method === 'lamda++' ? 'mean r' : 'r';
    marks.push({
      offset: rank.keySpan.start,
      sparks: [sparkOf('', known, facts, ranks)],
      text: `${word} ${Math.round(mean)} keeps ${percent(known, facts, ranks)} of the energy`,
    });
  }
  return [...marks, ...targetMarks(entries, known, facts, ranks)];
}

function targetMarks(
  entries: readonly Entry[],
  known: readonly AdaptedLayer[],
  facts: InlineFacts,
  ranks: Ranks,
): Mark[] {
  const entry = entryOf(entries, ['adapter', 'target_modules']);
  if (entry === undefined) return [];
  const items = entry.kind === 'list' ? textsOf(entry) : [];
  const matching = (target: string): AdaptedLayer[] =>
    known.filter(({ path }) => matchesTarget(target, path));
  if (items.length > 0 && !entry.flow) {
    return items.flatMap(({ text, span }: { text: string; span: Span }) => {
      const layers = matching(text);
      if (layers.length === 0) return [];
      const spark = sparkOf(text, layers, facts, ranks);
      return [{ offset: span.start, sparks: [spark], text: percent(layers, facts, ranks) }];
    });
  }
  const kinds =
    items.length > 0 ? items.map(({ text }) => text) : [...new Set(known.map(({ kind }) => kind))];
  const groups = kinds
    .map((kind) => [kind, matching(kind)] as const)
    .filter(([, layers]) => layers.length > 0);
  if (groups.length === 0) return [];
  const sparks = groups.map(([kind, layers]) =>
    sparkOf(`${kind.replace(/_proj$/u, '')} ${percent(layers, facts, ranks)}`, layers, facts, ranks),
  );
  return [{ offset: entry.keySpan.start, sparks, text: '' }];
}

/** Of LaMDA++ those that the budget comes to; by the gradient's spectrum, which is not known yet, the mean. */
function ranksOf({ adapter, layers, spectra }: InlineFacts): Ranks {
  if (adapter.method !== 'lamda++' || rankingSpectrum(adapter) === 'gradient')
    return evenRanks(adapter, layers);
  return new Map(allocateRanks(adapter, layers, spectra).map(({ path, rank }) => [path, rank]));
}

/** The mean of some layers' spectra, each as a share of its largest value. */
function sparkOf(
  label: string,
  layers: readonly AdaptedLayer[],
  { spectra }: InlineFacts,
  ranks: Ranks,
): Spark {
  const heights = new Array<number>(POINTS).fill(0);
  let cut = 0;
  for (const { path, inputs, outputs } of layers) {
    const size = Math.min(inputs, outputs);
    heightsOf(spectra.get(path)?.values ?? [], size).forEach((height, i) => {
      heights[i] = (heights[i] ?? 0) + height / layers.length;
    });
    cut += cutAt(ranks.get(path) ?? 1, size) / layers.length;
  }
  return { label, heights, cut };
}

function percent(layers: readonly AdaptedLayer[], { spectra }: InlineFacts, ranks: Ranks): string {
  const shares = layers.map(({ path }) => energyOf(spectra.get(path), ranks.get(path) ?? 1));
  return `${Math.round((100 * shares.reduce((sum, share) => sum + share, 0)) / shares.length)} %`;
}
