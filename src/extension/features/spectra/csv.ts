import type { SpectraPatch, SpectraTable, Spectrum } from '../../../protocol/panels/spectra';

/** The singular values or the measures of what is there, as a table: RFC 4180, CRLF. */
export function spectraCsv({ view, spectra }: SpectraPatch, table: SpectraTable): string {
  const { modules, sets } = view;
  const found = new Map(spectra.map((spectrum) => [`${spectrum.set}\n${spectrum.path}`, spectrum]));
  const listed = table.of === 'values' ? modules.filter(({ path }) => table.paths.includes(path)) : modules;
  const parts = sets.flatMap((set) =>
    listed.flatMap((module) => {
      const spectrum = found.get(`${set.key}\n${module.path}`);
      return spectrum === undefined ? [] : [{ set, module, spectrum }];
    }),
  );
  if (table.of === 'values') {
    const head = ['spectra_of', 'module', 'index', 'singular_value', 'cumulative_energy'];
    return lines(
      head,
      parts.flatMap(({ set, module, spectrum }) => {
        const energies = energiesOf(spectrum);
        return Array.from(spectrum.values, (value, index) => [
          set.name,
          module.path,
          index + 1,
          value,
          energies[index],
        ]);
      }),
    );
  }
  const head = [
    'spectra_of',
    'module',
    'kind',
    'layer',
    'rows',
    'columns',
    'rank',
    'energy_at_rank',
    'effective_rank',
    'stable_rank',
    'largest_singular_value',
    'decay_exponent',
    'frobenius_norm',
    'values_known',
    'error_bound',
    'overlap',
    'new_directions',
  ];
  return lines(
    head,
    parts.map(({ set, module, spectrum }) => {
      const { values, frobenius, errorBound, measures, relation } = spectrum;
      const rank = table.rank ?? module.rank;
      return [
        set.name,
        module.path,
        module.kind,
        module.layer,
        ...module.shape,
        rank,
        rank === undefined ? undefined : energiesOf(spectrum)[Math.min(rank, Math.min(...module.shape)) - 1],
        measures.effectiveRank,
        measures.stableRank,
        values[0],
        measures.decay,
        frobenius,
        values.length,
        errorBound,
        relation?.overlap,
        relation?.fresh,
      ];
    }),
  );
}

/** E(1), E(2), …, of the values that are known. */
function energiesOf({ values, frobenius }: Spectrum): Float64Array {
  let kept = 0;
  return values.map((value) => (kept += value * value) / (frobenius * frobenius));
}

function lines(head: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string {
  return [head, ...rows].map((cells) => `${cells.map(quote).join(',')}\r\n`).join('');
}

function quote(cell: string | number | undefined): string {
  const text = cell === undefined ? '' : String(cell);
  return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
