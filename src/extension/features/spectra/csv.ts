import { csvLines } from '../../csvLines';
import type { SpectraPatch, SpectraSet, SpectraTable, Spectrum } from '../../../protocol/panels/spectra';

/** The singular values or the measures of what is there, as a table: RFC 4180, CRLF. */
export function spectraCsv({ view, spectra, timeline }: SpectraPatch, table: SpectraTable): string {
  const { modules, sets } = view;
  // What training changed is told of the step that is shown.
  const stepOf = ({ key }: SpectraSet): number | undefined => (key === timeline?.set ? view.step : undefined);
  const found = new Map(spectra.map((spectrum) => [`${spectrum.set}\n${spectrum.path}`, spectrum]));
  const listed = table.of === 'values' ? modules.filter(({ path }) => table.paths.includes(path)) : modules;
  const parts = sets.flatMap((set) =>
    listed.flatMap((module) => {
      const spectrum = found.get(`${set.key}\n${module.path}`);
      return spectrum === undefined ? [] : [{ set, module, spectrum }];
    }),
  );
  if (table.of === 'values') {
    const head = ['spectra_of', 'step', 'module', 'index', 'singular_value', 'cumulative_energy'];
    return csvLines(
      head,
      parts.flatMap(({ set, module, spectrum }) => {
        const energies = energiesOf(spectrum);
        return Array.from(spectrum.values, (value, index) => [
          set.name,
          stepOf(set),
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
    'step',
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
    'trained_columns',
  ];
  return csvLines(
    head,
    parts.map(({ set, module, spectrum }) => {
      const { values, frobenius, errorBound, measures, relation } = spectrum;
      const rank = table.rank ?? module.rank;
      return [
        set.name,
        stepOf(set),
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
        measures.live,
      ];
    }),
  );
}

/** E(1), E(2), …, of the values that are known. */
function energiesOf({ values, frobenius }: Spectrum): Float64Array {
  let kept = 0;
  // Of no change there is no share.
  if (frobenius === 0) return new Float64Array(values.length);
  return values.map((value) => (kept += value * value) / (frobenius * frobenius));
}
