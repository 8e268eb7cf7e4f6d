import { describe, expect, it } from 'vitest';
import { spectraPlace } from '../../../../src/extension/features/inline/hoverPlace';
import { knownSpectrum } from '../../../../src/extension/features/inline/knownSpectrum';
import { layerPicture } from '../../../../src/extension/features/inline/layerPicture';
import { spectrumSection } from '../../../../src/extension/features/inline/spectrumHover';
import { COLOURS } from '../../../../src/extension/features/inline/themeColours';
import { experimentOf, LAYERS, SPECTRA } from './experiment';

const LINKS = { spectra: 'command:s?%5B%5D', ranks: 'command:r?%5B%5D' };
const LEAD = '  \n[Open spectra](command:s?%5B%5D) · [Open rank board](command:r?%5B%5D)';
const COLOURS_HERE = COLOURS['dark'];

/** The section at the place that `|` marks in an adapter's text, by its parts; the picture as SVG. */
function section(marked: string, spectra = SPECTRA) {
  const { text, entries, outlook } = experimentOf(marked.replace('|', ''), spectra);
  const offset = text.indexOf('adapter:\n') + 'adapter:\n'.length + marked.indexOf('|');
  const place = spectraPlace(entries, offset, outlook.layers);
  if (place === undefined) return undefined;
  const whole = spectrumSection(outlook, place.layers, COLOURS_HERE, LINKS);
  const parts = whole.replaceAll('&nbsp;&nbsp;', '').split('\n\n');
  const picture = parts.findIndex((part) => part.startsWith('!['));
  const [, name = '', data = ''] =
    /^!\[(.*)\]\(data:image\/svg\+xml;base64,(.*)\)$/u.exec(parts[picture] ?? '') ?? [];
  return {
    at: text.slice(place.span.start, place.span.end),
    parts: parts.filter((_, i) => i !== picture),
    name,
    svg: Buffer.from(data, 'base64').toString(),
  };
}

describe('the hover on a rank', () => {
  it('tells what it keeps, the measures and the energy by rank, and leads on', () => {
    const found = section('  method: lora\n  ra|nk: 4\n');
    expect(found?.at).toBe('rank');
    expect(found?.parts).toEqual([
      `**r 4** keeps **62 %** of the energy (25 % to 100 % over 4 matrices)${LEAD}`,
      '| rank | **▸ 4** | 8 | 16 |\n| --- | --: | --: | --: |\n| energy | **62 %** | 75 % | 100 % |',
      'Effective rank **10** (4 to 16) · stable rank **8.7** (1.3 to 16)',
    ]);
  });

  it('shows every layer of every kind', () => {
    const found = section('  method: lora\n  ra|nk: 4\n');
    expect(found?.name).toBe('Energy kept by layer: q_proj 100 %, up_proj 25 %');
    const { svg = '' } = found ?? {};
    // Two kinds of two layers: what is kept, what is not, and the cut between.
    for (const colour of [COLOURS_HERE.kept, COLOURS_HERE.lost, COLOURS_HERE.cut]) {
      expect(svg.split(`fill="${colour}"`)).toHaveLength(5);
    }
    expect(svg).toContain('>up_proj<');
    expect(svg).toContain('>25 %<');
    expect(svg).toContain('>layer 0<');
  });

  it('marks a rank between those of the table', () => {
    expect(section('  |rank: 5\n')?.parts[1]).toMatch(/^\| rank \| 4 \| \*\*▸ 5\*\* \| 8 \| 16 \|/u);
  });

  it('has the ranks of LaMDA++ as they are allocated', () => {
    const found = section('  method: lamda++\n  rank: |5\n  ranks: { candidates: [1, 2, 4, 8] }\n');
    expect(found?.parts[0]).toMatch(/^\*\*mean r 5\*\* \(2 to 8\) keeps \*\*\d+ %\*\* of the energy/u);
    expect(found?.parts[1]).toMatch(/^\| rank \| 4 \| 8 \| 16 \| \*\*▸ allocated\*\* \|/u);
    expect(found?.parts[1]).toMatch(/\*\*\d+ %\*\* \|$/u);
  });

  it('says that the gradient decides, and claims nothing', () => {
    const found = section('  method: lamda++\n  |rank: 8\n  basis: gradient\n');
    expect(found?.parts[0]).toBe(
      `The ranks go by the gradient’s spectrum, which is found when a run begins. This is what the weights’ own would keep.${LEAD}`,
    );
    expect(found?.parts.join('\n')).not.toContain('▸');
    expect(found?.name).toContain('Effective rank by layer');
    expect(found?.svg).not.toContain(COLOURS_HERE.cut);
  });

  it('says that the spectrum is being found', () => {
    const some = new Map([...SPECTRA].slice(0, 3));
    expect(section('  |rank: 4\n', some)?.parts).toEqual([
      `The spectrum is being found: 3 of 4 matrices.${LEAD}`,
    ]);
  });

  it('says what only all values tell, and of which ranks nothing is known', () => {
    const top = new Map(
      LAYERS.map(({ path }) => {
        const values = Float64Array.of(2, 1, 1, 1, 1, 1);
        return [path, knownSpectrum({ values, frobenius: 4, exact: false }, 16)] as const;
      }),
    );
    const found = section('  |rank: 4\n', top);
    expect(found?.parts[2]).toBe(
      'Effective rank: takes all values, which *Open spectra* finds · stable rank **4** (4 to 4)',
    );
    expect(found?.parts[1]?.split('\n')[0]).toBe('| rank | **▸ 4** | 6 |');
  });
});

describe('the hover on modules', () => {
  it('is about the one under the pointer', () => {
    const found = section('  rank: 4\n  target_modules: [q_proj, up|_proj]\n');
    expect(found?.at).toBe('up_proj');
    expect(found?.parts[0]).toBe(
      `**r 4** keeps **25 %** of the energy (25 % to 25 % over 2 matrices)${LEAD}`,
    );
    expect(found?.name).toBe('Energy kept by layer: up_proj 25 %');
  });

  it('is about all of them on the key', () => {
    const found = section('  rank: 4\n  target_mod|ules: [q_proj]\n');
    expect(found?.at).toBe('target_modules');
    expect(found?.parts[0]).toContain('over 4 matrices');
  });

  it('is about those of a rank that is set by hand', () => {
    const found = section(
      '  method: lamda++\n  rank: 10\n  ranks: { pinned: { "layers.0.*": 8, u|p_proj: 12 } }\n',
    );
    expect(found?.at).toBe('up_proj');
    expect(found?.parts[0]).toContain('**r 12** keeps **75 %**');
  });

  it('is not there elsewhere', () => {
    expect(section('  method: l|ora\n')).toBeUndefined();
    expect(section('  rank: 4\n  target_modules: [nothing|_here, q_proj]\n')).toBeUndefined();
  });
});

describe('the picture of layers', () => {
  it('leaves out what a layer does not have, and is narrow for many', () => {
    const shares = Array.from({ length: 126 }, (_, i) => (i % 2 === 0 ? 0.5 : undefined));
    const ends = { first: 'layer 0', last: '125', cut: true };
    const { svg, width } = layerPicture([{ label: 'q', shares, sum: '50 %' }], ends, COLOURS_HERE);
    expect(svg.split(`fill="${COLOURS_HERE.kept}"`)).toHaveLength(64);
    expect(width).toBeLessThan(380);
    expect(svg).toContain('>125<');
  });
});
