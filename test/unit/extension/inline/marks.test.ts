import { describe, expect, it } from 'vitest';
import { analyse } from '../../../../src/extension/features/language/analysis';
import { marksOf } from '../../../../src/extension/features/inline/marks';
import {
  cutAt,
  DARK,
  heightsOf,
  POINTS,
  sparkSvg,
} from '../../../../src/extension/features/inline/sparkline';
import { resolveExperiment } from '../../../../src/protocol/experiment/resolve';
import type { WeightSpectrum } from '../../../../src/protocol/inspector';

const LAYERS = [0, 1].flatMap((layer) =>
  ['q_proj', 'up_proj'].map((kind) => ({
    path: `model.layers.${layer}.x.${kind}`,
    kind,
    inputs: 16,
    outputs: 32,
  })),
);

/** q_proj falls steeply, up_proj is flat. */
const SPECTRA = new Map<string, WeightSpectrum>(
  LAYERS.map(({ path, kind }) => {
    const values = Float64Array.from({ length: 16 }, (_, i) => (kind === 'q_proj' ? 2 ** -i : 1));
    return [path, { module: path, values, frobenius: Math.hypot(...values), error_bound: 0, exact: true }];
  }),
);

function marks(adapter: string, spectra: ReadonlyMap<string, WeightSpectrum> = SPECTRA) {
  const text = `model: m\ndata: { train: a.jsonl, text: "{t}" }\nadapter:\n${adapter}`;
  const { entries, parsed } = analyse(text, '/x.tune.yaml');
  if (parsed.values === undefined) throw new Error(parsed.errors.join('\n'));
  const { adapter: config } = resolveExperiment(parsed.values, 'x', (path) => path);
  if (config.method === 'full') throw new Error('no adapter');
  const lineOf = (offset: number): string => text.slice(offset).split('\n')[0] ?? '';
  return marksOf(entries, { adapter: config, layers: LAYERS, spectra }).map(
    ({ offset, sparks, text: shown }) => ({
      line: lineOf(offset),
      labels: sparks.map(({ label }) => label),
      cuts: sparks.map(({ cut }) => cut),
      shown,
    }),
  );
}

describe('the marks in the lines of an experiment', () => {
  it('say what the rank keeps, of all and of each kind', () => {
    const [rank, targets] = marks('  method: lora\n  rank: 4\n  target_modules: all-linear\n');
    expect(rank).toMatchObject({ line: 'rank: 4', shown: 'r 4 keeps 62 % of the energy' });
    expect(rank?.cuts).toEqual([cutAt(4, 16)]);
    expect(targets).toMatchObject({
      line: 'target_modules: all-linear',
      labels: ['q 100 %', 'up 25 %'],
      shown: '',
    });
  });

  it('stand behind each target that has a line of its own', () => {
    const found = marks('  rank: 4\n  target_modules:\n    - q_proj\n    - up_proj\n');
    expect(found.slice(1).map(({ line, shown }) => [line, shown])).toEqual([
      ['q_proj', '100 %'],
      ['up_proj', '25 %'],
    ]);
  });

  it('tell the ranks that a budget comes to', () => {
    const [rank, targets] = marks(
      '  method: lamda++\n  rank: 5\n  ranks: { candidates: [1, 2, 4, 8] }\n  target_modules: [q_proj, up_proj]\n',
    );
    expect(rank?.shown).toMatch(/^mean r 5 keeps \d+ % of the energy$/u);
    const [steep = NaN, flat = NaN] = targets?.cuts ?? [];
    expect(steep).toBeLessThan(flat);
  });

  it('say how many spectra are known until all are, and stand nowhere without a rank', () => {
    const some = new Map([...SPECTRA].slice(0, 3));
    expect(marks('  rank: 4\n', some)).toMatchObject([{ shown: 'spectrum: 3 of 4', labels: [] }]);
    expect(marks('  method: lora\n', some)).toEqual([]);
  });
});

describe('the picture of a spectrum', () => {
  it('falls as the values do, and ends where they are not known', () => {
    const whole = heightsOf([4, 2, 1, 0.5], 4);
    expect(whole).toHaveLength(POINTS);
    expect([whole[0], whole.at(-1)]).toEqual([1, 0.125]);
    expect(whole).toEqual([...whole].sort((a, b) => b - a));
    expect(heightsOf([4, 2], 100).at(-1)).toBe(0);
    expect(heightsOf([0, 0], 2)).toEqual(new Array(POINTS).fill(0));
  });

  it('is an SVG as high as the text, with a label for each of several', () => {
    const spark = { label: 'a<b', heights: heightsOf([4, 2, 1, 0.5], 4), cut: 0.5 };
    const one = sparkSvg([spark], DARK);
    expect(one).toMatch(/^<svg [^>]*width="56" height="14"/u);
    expect(one).not.toContain('<text');
    const two = sparkSvg([spark, { ...spark, label: 'c' }], DARK);
    expect(two.match(/<text/gu)).toHaveLength(2);
    expect(two).toContain('a&lt;b');
  });
});
