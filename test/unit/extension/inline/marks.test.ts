import { describe, expect, it } from 'vitest';
import { marksOf } from '../../../../src/extension/features/inline/marks';
import {
  cutAt,
  heightsOf,
  POINTS,
  type Spark,
  sparkPicture,
} from '../../../../src/extension/features/inline/sparkline';
import { dataAddress } from '../../../../src/extension/features/inline/svg';
import { DARK } from '../../../../src/extension/features/inline/themeColours';
import { experimentOf, SPECTRA } from './experiment';

function marks(adapter: string, spectra = SPECTRA) {
  const { text, entries, outlook } = experimentOf(adapter, spectra);
  const lineOf = (offset: number): string => text.slice(offset).split('\n')[0] ?? '';
  return marksOf(entries, outlook).map(({ offset, sparks, text: shown }) => ({
    line: lineOf(offset),
    labels: sparks.map(({ label }) => label),
    cuts: sparks.map(({ cut }) => cut),
    shown,
  }));
}

describe('the marks in the lines of an experiment', () => {
  it('say what the rank keeps, and show each kind', () => {
    const [rank, targets] = marks('  method: lora\n  rank: 4\n  target_modules: all-linear\n');
    expect(rank).toMatchObject({ line: 'rank: 4', shown: 'r 4 keeps 62 % of the energy' });
    expect(rank?.cuts).toEqual([cutAt(4, 16)]);
    expect(targets).toMatchObject({
      line: 'target_modules: all-linear',
      labels: ['q_proj', 'up_proj'],
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

  it('claim no energy where the gradient decides', () => {
    const [ranks, targets] = marks(
      '  method: lamda++\n  rank: 8\n  basis: gradient\n  target_modules: [q_proj, up_proj]\n',
    );
    expect(ranks).toMatchObject({
      shown: 'mean r 8: ranks by the gradient’s spectrum, found when a run begins',
      cuts: [undefined],
    });
    expect(targets).toMatchObject({ cuts: [undefined, undefined], shown: '' });
    const [one, ...lines] = marks(
      '  method: lamda\n  rank: 4\n  basis: gradient\n  target_modules:\n    - q_proj\n',
    );
    expect(one).toMatchObject({
      shown: 'r 4: directions by the gradient’s spectrum, found when a run begins',
      cuts: [cutAt(4, 16)],
    });
    expect(lines).toMatchObject([{ line: 'q_proj', shown: '' }]);
    // Whose spectrum the ranks go by can be said apart.
    const [byWeights] = marks(
      '  method: lamda++\n  rank: 8\n  basis: gradient\n  ranks: { spectrum: weights }\n',
    );
    expect(byWeights?.shown).toMatch(/^mean r 8 keeps \d+ %/u);
  });

  it('say how many spectra are known until all are, and stand nowhere without a rank', () => {
    const some = new Map([...SPECTRA].slice(0, 3));
    expect(marks('  rank: 4\n', some)).toMatchObject([{ shown: 'spectrum: 3 of 4', labels: [] }]);
    expect(marks('  method: lora\n', some)).toEqual([]);
  });
});

describe('the picture of a spectrum', () => {
  const spark: Spark = { label: 'a<b', heights: heightsOf([4, 2, 1, 0.5], 4), cut: 0.5 };
  const many = (labels: readonly string[]) =>
    sparkPicture(
      labels.map((label) => ({ ...spark, label })),
      DARK,
    );

  it('falls as the values do, and ends where they are not known', () => {
    const whole = [...heightsOf([4, 2, 1, 0.5], 4)];
    expect(whole).toHaveLength(POINTS);
    expect([whole[0], whole.at(-1)]).toEqual([1, 0.125]);
    expect(whole).toEqual([...whole].sort((a, b) => b - a));
    expect(heightsOf([4, 2], 100).at(-1)).toBe(0);
    expect([...heightsOf([0, 0], 2)]).toEqual(new Array(POINTS).fill(0));
  });

  it('is as high as the text, bright before the cut and dim behind it', () => {
    const one = sparkPicture([spark], DARK);
    expect(one).toMatchObject({ width: 56, height: 14 });
    expect(one.svg).not.toContain('<text');
    expect(one.svg).toContain(DARK.kept);
    expect(one.svg).toContain(DARK.lost);
    expect(one.svg).toContain(DARK.cut);
    const open = sparkPicture([{ ...spark, cut: undefined }], DARK).svg;
    expect([DARK.kept, DARK.lost, DARK.cut].filter((colour) => open.includes(`"${colour}"`))).toEqual([]);
    expect(open).toContain(DARK.plain);
  });

  it('is one strip of several, with a short label each', () => {
    const two = many(['a<b', 'gate_proj']);
    expect(two.svg.match(/<text/gu)).toHaveLength(2);
    expect(two.svg).toContain('a&lt;b');
    expect(two.svg).toContain('>gate<');
    expect(many(['model.layers.0.*', 'q_proj']).svg).toContain('>model.…<');
  });

  it('is no wider than some forty characters, however many there are', () => {
    const seven = many(['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']);
    expect(seven.svg.match(/<text/gu)).toHaveLength(7);
    expect(seven.width).toBeLessThanOrEqual(300);
    const crowd = many(Array.from({ length: 24 }, (_, i) => `layers.${i}.*`));
    expect(crowd.svg).not.toContain('<text');
    expect(crowd.svg.match(/<g/gu)).toHaveLength(24);
    expect(crowd.width).toBeLessThanOrEqual(300);
  });

  it('is an address that holds all of it', () => {
    const { svg } = many(['ö', 'q']);
    const [head, content] = dataAddress(svg).split(',');
    expect(head).toBe('data:image/svg+xml;base64');
    expect(Buffer.from(content ?? '', 'base64').toString()).toBe(svg);
  });
});
