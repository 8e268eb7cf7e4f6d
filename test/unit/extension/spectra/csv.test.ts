import { describe, expect, it } from 'vitest';
import { spectraCsv } from '../../../../src/extension/features/spectra/csv';
import { NO_TRAINING } from '../../../../src/extension/features/spectra/changeSpectra';
import type { SpectraPatch } from '../../../../src/protocol/panels/spectra';

const patch: SpectraPatch = {
  view: {
    id: 1,
    name: 'a',
    status: 'done',
    modules: [
      { path: 'layers.0.q_proj', kind: 'q_proj', layer: 0, shape: [2, 3], rank: 1 },
      { path: 'layers.1.q_proj', kind: 'q_proj', layer: 1, shape: [2, 3] },
    ],
    sets: [{ key: 'base', name: 'base, "first"', of: 'weights' }],
  },
  spectra: [
    {
      path: 'layers.0.q_proj',
      set: 'base',
      values: Float64Array.of(4, 3),
      frobenius: 5,
      errorBound: 0,
      exact: true,
      measures: { stableRank: 25 / 16, effectiveRank: 1.98 },
    },
  ],
};

describe('the table of spectra', () => {
  it('has a row a module that is known, with the energy at its own rank or at one for all', () => {
    const own = spectraCsv(patch, { of: 'measures', rank: null }).split('\r\n');
    expect(own).toHaveLength(3);
    expect(own[0]).toMatch(
      /^spectra_of,step,module,kind,layer,rows,columns,rank,energy_at_rank,effective_rank,/u,
    );
    expect(own[1]).toBe('"base, ""first""",,layers.0.q_proj,q_proj,0,2,3,1,0.64,1.98,1.5625,4,,5,2,0,,,');
    const two = spectraCsv(patch, { of: 'measures', rank: 2 }).split('\r\n');
    expect(two[1]).toContain(',2,1,1.98,');
    // Beyond the matrix' own rank everything is kept.
    const three = spectraCsv(patch, { of: 'measures', rank: 3 }).split('\r\n');
    expect(three[1]).toContain(',3,1,1.98,');
  });

  it('has a row a singular value of the modules that are named', () => {
    const text = spectraCsv(patch, { of: 'values', paths: ['layers.0.q_proj', 'layers.1.q_proj'] });
    expect(text.split('\r\n').slice(1, 3)).toEqual([
      '"base, ""first""",,layers.0.q_proj,1,4,0.64',
      '"base, ""first""",,layers.0.q_proj,2,3,1',
    ]);
    expect(spectraCsv(patch, { of: 'values', paths: ['layers.1.q_proj'] }).split('\r\n')).toHaveLength(2);
  });

  it('says of what training changed after which step that was', () => {
    const played: SpectraPatch = {
      view: {
        ...patch.view,
        sets: [...patch.view.sets, { key: 'training', name: 'ΔW', of: 'change' }],
        step: 50,
      },
      spectra: [
        ...patch.spectra,
        {
          path: 'layers.0.q_proj',
          set: 'training',
          values: Float64Array.of(0),
          frobenius: 0,
          errorBound: 0,
          exact: true,
          measures: { stableRank: 0, live: 7 },
        },
      ],
      timeline: { ...NO_TRAINING, steps: Float64Array.of(50) },
    };
    const rows = spectraCsv(played, { of: 'measures', rank: null }).split('\r\n');
    // Of no change there is no share of the energy.
    expect(rows[2]).toBe('ΔW,50,layers.0.q_proj,q_proj,0,2,3,1,0,,0,0,,0,1,0,,,7');
    expect(spectraCsv(played, { of: 'values', paths: ['layers.0.q_proj'] })).toContain('\r\nΔW,50,layers');
  });
});
