import type { AdaptedLayer } from '../../../engine/adapters/layer';
import { type LayerRow, layerPicture } from './layerPicture';
import { energyAt, type KnownSpectra, meanEnergy, type Outlook } from './outlook';
import { dataAddress } from './svg';
import { percent, shortNumber } from './texts';
import type { PictureColours } from './themeColours';

/** The commands behind the links of a section, as addresses. */
export interface SectionLinks {
  readonly spectra: string;
  readonly ranks: string;
}

/** Ranks that the table is made of; larger ones as far as the matrices go. */
const RANKS = [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
/** As many columns as a hover is wide. */
const MOST_COLUMNS = 9;

/**
 * What the spectra of some adapted layers say of their ranks, in Markdown: what they keep and where to see more,
 * the energy by rank, the picture of all layers, the measures. `layers` are of one target, or all.
 */
export function spectrumSection(
  outlook: Outlook,
  layers: readonly AdaptedLayer[],
  colours: PictureColours,
  links: SectionLinks,
): string {
  const known = layers.filter(({ path }) => outlook.spectra.has(path));
  const lead = `[Open spectra](${links.spectra}) · [Open rank board](${links.ranks})`;
  if (known.length < layers.length) {
    return `The spectrum is being found: ${known.length} of ${layers.length} matrices.  \n${lead}`;
  }
  // A hover is low: what is looked for most stands first.
  return [
    `${headline(outlook, layers)}  \n${lead}`,
    energyTable(outlook, layers),
    pictureOf(outlook, layers, colours),
    measures(outlook.spectra, layers),
  ]
    .filter((part) => part !== undefined)
    .join('\n\n');
}

/** What the ranks are, and what they keep. */
function headline({ adapter, ranks, spectra, byGradient }: Outlook, layers: readonly AdaptedLayer[]): string {
  const own = layers.map(({ path }) => ranks.get(path) ?? 0);
  const [least, most] = [Math.min(...own), Math.max(...own)];
  const one = least === most;
  if (byGradient) {
    return adapter.method === 'lamda++'
      ? 'The ranks go by the gradient’s spectrum, which is found when a run begins. This is what the weights’ own would keep.'
      : `**r ${adapter.rank}**, of directions that go by the gradient’s spectrum, which is found when a run begins. This is what the weights’ own would keep.`;
  }
  const shares = layers.map(({ path }) => energyAt(spectra.get(path), ranks.get(path) ?? 1));
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const rank = one
    ? `**r ${least}**`
    : `**mean r ${shortNumber(own.reduce((sum, r) => sum + r, 0) / own.length)}** (${least} to ${most})`;
  const range =
    layers.length === 1
      ? ''
      : ` (${percent(Math.min(...shares))} to ${percent(Math.max(...shares))} over ${layers.length} matrices)`;
  return `${rank} keeps **${percent(mean)}** of the energy${range}`;
}

function pictureOf(
  outlook: Outlook,
  layers: readonly AdaptedLayer[],
  colours: PictureColours,
): string | undefined {
  const { spectra, ranks, byGradient } = outlook;
  const shareOf = (layer: AdaptedLayer): number => {
    const spectrum = spectra.get(layer.path);
    if (!byGradient) return energyAt(spectrum, ranks.get(layer.path) ?? 1);
    return (spectrum?.effectiveRank ?? 0) / Math.min(layer.inputs, layer.outputs);
  };
  if (byGradient && layers.some(({ path }) => spectra.get(path)?.effectiveRank === undefined))
    return undefined;
  const kinds = [...new Set(layers.map(({ kind }) => kind))];
  const numbers = layers.map(({ path }) => layerNumber(path));
  const first = Math.min(...numbers.filter((number) => number !== undefined));
  const last = Math.max(...numbers.filter((number) => number !== undefined));
  const count = Number.isFinite(first) ? last - first + 1 : layers.length;
  const rows = kinds.map((kind): LayerRow => {
    const shares = new Array<number | undefined>(count).fill(undefined);
    layers.forEach((layer, i) => {
      if (layer.kind === kind)
        shares[Number.isFinite(first) ? (numbers[i] ?? first) - first : i] = shareOf(layer);
    });
    const own = shares.filter((share) => share !== undefined);
    const mean = own.reduce((sum, share) => sum + share, 0) / Math.max(1, own.length);
    return { label: kind, shares, sum: percent(mean) };
  });
  const ends = Number.isFinite(first)
    ? { first: `layer ${first}`, last: String(last) }
    : { first: '', last: '' };
  const { svg } = layerPicture(rows, { ...ends, cut: !byGradient }, colours);
  const what = byGradient ? 'Effective rank by layer, as a share of the matrix’s' : 'Energy kept by layer';
  const told = rows.map(({ label, sum }) => `${label} ${sum}`).join(', ');
  // Brackets would end the picture's name.
  const name = `${what}: ${told}`.replaceAll(/[[\]\\|]/gu, ' ');
  return `${byGradient ? `${what}:\n\n` : ''}![${name}](${dataAddress(svg)})`;
}

/** How many directions the layers' values amount to, by two measures. */
function measures(spectra: KnownSpectra, layers: readonly AdaptedLayer[]): string {
  const stable = layers.map(({ path }) => spectra.get(path)?.stableRank ?? 0);
  const effective = layers.flatMap(({ path }) => spectra.get(path)?.effectiveRank ?? []);
  const whole =
    effective.length < layers.length
      ? 'Effective rank: takes all values, which *Open spectra* finds'
      : `Effective rank ${rangeText(effective)}`;
  return `${whole} · stable rank ${rangeText(stable)}`;
}

function rangeText(values: readonly number[]): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  if (values.length === 1) return `**${shortNumber(mean)}**`;
  return `**${shortNumber(mean)}** (${shortNumber(Math.min(...values))} to ${shortNumber(Math.max(...values))})`;
}

/** The mean energy by rank, where all layers keep the same; the rank that is set is marked. */
function energyTable(
  { adapter, spectra, ranks, byGradient }: Outlook,
  layers: readonly AdaptedLayer[],
): string {
  const own = new Set(layers.map(({ path }) => ranks.get(path) ?? 0));
  const [only] = own;
  const marked = own.size === 1 && !byGradient ? only : undefined;
  const known = Math.min(...layers.map(({ path }) => spectra.get(path)?.energies.length ?? 0));
  const columns = columnsOf(known, marked);
  const energies = columns.map((rank) => percent(meanEnergy(layers, spectra, () => rank)));
  const heads = columns.map((rank) => (rank === marked ? `**▸ ${rank}**` : String(rank)));
  const cells = energies.map((energy, i) => (columns[i] === marked ? `**${energy}**` : energy));
  if (marked === undefined && !byGradient) {
    heads.push(`**▸ ${adapter.method === 'lamda++' ? 'allocated' : 'as set'}**`);
    cells.push(`**${percent(meanEnergy(layers, spectra, ({ path }) => ranks.get(path) ?? 1))}**`);
  }
  // The table of a hover has no room between its columns of its own.
  const row = ([name, ...items]: readonly string[]): string => `| ${name} | ${items.join(' | ')} |`;
  const apart = (items: readonly string[]): string[] => items.map((item) => `&nbsp;&nbsp;${item}`);
  return [
    row(['rank', ...apart(heads)]),
    row(['---', ...heads.map(() => '--:')]),
    row(['energy', ...apart(cells)]),
  ].join('\n');
}

/** The ranks of the table, up to the first that is all there is, the marked one among them. */
function columnsOf(known: number, marked: number | undefined): number[] {
  const within = RANKS.filter((rank) => rank < known).slice(0, MOST_COLUMNS - 1);
  if (known > 0 && known <= (RANKS[MOST_COLUMNS - 1] ?? 0)) within.push(known);
  const all = new Set(marked === undefined || marked > known ? within : [...within, marked]);
  return [...all].sort((a, b) => a - b);
}

function layerNumber(path: string): number | undefined {
  const number = /(?:^|\.)layers\.(\d+)\./u.exec(path)?.[1];
  return number === undefined ? undefined : Number(number);
}
