import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contrast, parseColour, readable, standingOut } from '../../../webview/kit/colour';
import {
  formatCount,
  formatDuration,
  formatTick,
  formatTicks,
  formatValue,
} from '../../../webview/kit/format';
import { labelledNotes, placeNotes } from '../../../webview/kit/notes';
import { nearestIndex, type Figure, type FigureNote } from '../../../webview/kit/figure';
import { assignSlots, markOf } from '../../../webview/kit/palette';
import { svgPicture } from '../../../webview/kit/svg';
import { linearTicks, logTicks } from '../../../webview/kit/ticks';

describe('colours', () => {
  it('are read in the forms that themes have', () => {
    expect(parseColour('#fff')).toEqual({ red: 1, green: 1, blue: 1, alpha: 1 });
    expect(parseColour(' #33669980 ')).toMatchObject({ red: 0.2, green: 0.4, blue: 0.6, alpha: 128 / 255 });
    expect(parseColour('rgba(51, 102, 153, 0.5)')).toEqual({ red: 0.2, green: 0.4, blue: 0.6, alpha: 0.5 });
    expect(parseColour('red')).toBeUndefined();
    expect(parseColour('rgb(1, x, 3)')).toBeUndefined();
  });

  it('have the contrast that WCAG has, and are changed until it is enough', () => {
    const [white, black] = [parseColour('#fff'), parseColour('#000')];
    const yellow = parseColour('#ffff00');
    if (white === undefined || black === undefined || yellow === undefined) throw new Error('not read');
    expect(contrast(white, black)).toBeCloseTo(21, 5);
    expect(contrast(yellow, white)).toBeLessThan(1.1);
    expect(contrast(standingOut(yellow, white, 3), white)).toBeGreaterThanOrEqual(3);
    expect(standingOut(yellow, black, 3)).toEqual(yellow);
    for (const [highContrast, least] of [
      [false, 4.5],
      [true, 7],
    ] as const) {
      const text = parseColour(readable('#ffff00', '#ffffff', highContrast));
      if (text === undefined) throw new Error('not read');
      expect(contrast(text, white)).toBeGreaterThanOrEqual(least - 0.05);
    }
  });
});

describe('the marks of runs', () => {
  const theme = ['#3794ff', '#d18616', '#89d185'];

  it('stand out on any ground, also the generated ones', () => {
    for (const background of ['#ffffff', '#1f1f1f', '#000000']) {
      const ground = parseColour(background);
      for (let slot = 0; slot < 24; slot++) {
        const colour = parseColour(markOf(slot, theme, background).colour);
        if (ground === undefined || colour === undefined) throw new Error('not read');
        expect(contrast(colour, ground)).toBeGreaterThanOrEqual(2.95);
      }
    }
  });

  it('are all different, whatever the runs are called, and stay while others come and go', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 30 }), (keys) => {
        const slots = assignSlots(keys, new Map(), 6);
        expect(new Set(slots.values()).size).toBe(keys.length);
        const fewer = assignSlots(keys.slice(1), slots, 6);
        for (const key of keys.slice(1)) expect(fewer.get(key)).toBe(slots.get(key));
      }),
    );
    expect(assignSlots(['b', 'a'], new Map(), 6)).toEqual(assignSlots(['a', 'b'], new Map(), 6));
  });

  it('are told apart without colour, too', () => {
    const forms = Array.from({ length: 20 }, (_, slot) => {
      const { dash, point } = markOf(slot, theme, '#fff');
      return JSON.stringify([dash, point]);
    });
    expect(new Set(forms).size).toBe(20);
  });
});

describe('numbers', () => {
  it.each([
    [0, '0'],
    [1.23456, '1.235'],
    [0.0004, '4e-4'],
    [134515008, '134,515,008'],
    [NaN, '–'],
    [-2.5, '-2.5'],
  ])('%d is %s', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });

  it('are short where they must be', () => {
    expect([812, 35_840, 1_200_000, 7e9].map(formatCount)).toEqual(['812', '35.8k', '1.2M', '7B']);
    expect([9000, 12_000, 0.5].map(formatTick)).toEqual(['9,000', '12k', '0.5']);
  });

  it('on an axis are as short as they can be and still be told apart', () => {
    expect(formatTicks([0, 500_000, 1_000_000])).toEqual(['0', '500k', '1M']);
    expect(formatTicks([499_700, 499_800])).toEqual(['499,700', '499,800']);
    expect(formatTicks([0.0001999, 0.0001998])).toEqual(['0.0001999', '0.0001998']);
  });

  it.each([
    [4.21, '4.2 s'],
    [59.7, '1 min'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min'],
    [273_600, '3 d 4 h'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe('ticks', () => {
  it('are round and lie in the range', () => {
    expect(linearTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(linearTicks(-3, 17, 4)).toEqual([0, 5, 10, 15]);
    expect(linearTicks(5, 5, 4)).toEqual([5]);
    expect(logTicks(1, 1000)).toEqual([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]);
    expect(logTicks(0, 5)).toEqual([]);
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        (low, span) => {
          const ticks = linearTicks(low, low + span, 5);
          expect(ticks.length).toBeLessThan(12);
          for (const tick of ticks)
            expect(tick >= low - span * 1e-6 && tick <= low + span * (1 + 1e-6)).toBe(true);
        },
      ),
    );
  });
});

const NOTE: FigureNote = { owner: 'r', x: 2, y: 1, text: 'best 1', colour: '#3794ff', kind: 'best' };
const FIGURE: Figure = {
  key: 'loss',
  title: 'Loss <raw>',
  unit: 'nats',
  large: true,
  lines: [
    {
      owner: 'r',
      label: 'run',
      colour: '#3794ff',
      dash: [7, 3],
      point: 'circle',
      points: false,
      xs: Float64Array.from([0, 1, 2, 3]),
      ys: Float64Array.from([4, NaN, 1, 2]),
      raw: { xs: Float64Array.from([0, 3]), ys: Float64Array.from([4, 2]) },
    },
  ],
  notes: [NOTE],
  bands: [{ from: 0, to: 2, label: 'all' }],
  strength: undefined,
  x: { min: 0, max: 3, log: false, title: 'Step' },
  y: { min: 0, max: 4, log: false },
  description: 'Loss over step',
};

describe('notes', () => {
  const area = { left: 0, right: 200, top: 0, bottom: 100 };
  const place = (notes: FigureNote[]) =>
    placeNotes(
      notes,
      ({ x, y }) => ({ left: x, top: y }),
      (text) => text.length * 6,
      area,
    );

  it('never lie on one another, nor outside', () => {
    const spot = fc.record({ x: fc.integer({ min: 0, max: 200 }), y: fc.integer({ min: 0, max: 100 }) });
    fc.assert(
      fc.property(fc.array(spot, { minLength: 5, maxLength: 12 }), (places) => {
        const placed = place(places.map((at) => ({ ...NOTE, ...at })));
        expect(placed).toHaveLength(places.length);
        const labels = placed.filter(({ note }) => note.text !== '');
        expect(labels.length).toBeGreaterThan(0);
        for (const [index, { textLeft, textTop, note }] of labels.entries()) {
          const right = textLeft + note.text.length * 6;
          expect(textLeft >= 0 && right <= 200 && textTop >= 7 && textTop <= 79).toBe(true);
          for (const other of labels.slice(0, index)) {
            const beside = right < other.textLeft || other.textLeft + other.note.text.length * 6 < textLeft;
            expect(beside || Math.abs(other.textTop - textTop) >= 14).toBe(true);
          }
          for (const { left, top } of placed) {
            const beside = left <= textLeft || left >= right;
            expect(beside || Math.abs(top - textTop) >= 10).toBe(true);
          }
        }
      }),
    );
    expect(place([{ ...NOTE, x: 300 }])).toEqual([]);
  });

  it('close to one another stand above and below', () => {
    const [best, last] = place([
      { ...NOTE, x: 190, y: 50 },
      { ...NOTE, x: 190, y: 57, text: '1.2', kind: 'last' },
    ]);
    expect([best?.textTop, last?.textTop]).toEqual([39, 68]);
  });

  it('of several runs have labels only where there is room, or one stands out', () => {
    const notes = [NOTE, { ...NOTE, owner: 's' }];
    const texts = (large: boolean, emphasis?: string): string[] =>
      labelledNotes({ notes, large }, emphasis).map(({ text }) => text);
    expect(texts(true)).toEqual(['best 1', 'best 1']);
    expect(texts(false)).toEqual(['', '']);
    expect(texts(false, 's')).toEqual(['best 1']);
    const last: FigureNote = { ...NOTE, text: '1.2', kind: 'last' };
    expect(labelledNotes({ notes: [...notes, last], large: true }).map(({ text }) => text)).toEqual([
      'best 1',
      'best 1',
      '',
    ]);
    expect(labelledNotes({ notes: [NOTE, last], large: false }).map(({ text }) => text)).toEqual([
      'best 1',
      '1.2',
    ]);
  });
});

describe('an SVG picture', () => {
  const theme = {
    background: '#1f1f1f',
    foreground: '#cccccc',
    muted: '#9d9d9d',
    grid: '#454545',
    focus: '#0078d4',
    series: [],
    font: '"Segoe UI", sans-serif',
    highContrast: false,
  };
  const svg = svgPicture([FIGURE, FIGURE, FIGURE], {
    title: 'a & b',
    theme,
    legend: [{ label: 'run', colour: '#3794ff', dash: [7, 3] }],
    columns: 2,
  });

  it('is drawn in vectors, broken where a value is missing', () => {
    expect(svg).not.toMatch(/<image|base64|style=/u);
    expect(svg.match(/<clipPath/gu)).toHaveLength(3);
    // x: 64 to 464 for 0 to 3; y: 240 to 34 for 0 to 4.
    expect(svg).toContain('d="M64 34M330.67 188.5L464 137"');
    expect(svg).toContain('stroke-dasharray="7 3"');
  });

  it('escapes what is written, and has its words as text', () => {
    expect(svg).toContain('<title>a &amp; b</title>');
    expect(svg).toContain('>Loss &lt;raw&gt; (nats)</text>');
    expect(svg).toContain('&quot;Segoe UI&quot;');
    expect(svg).toContain('>best 1</text>');
    expect(svg).toContain('>all</text>');
  });
});

describe('the nearest place', () => {
  it('is the one that a search of all finds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 1 }),
        fc.integer({ min: -120, max: 120 }),
        (values, wanted) => {
          const xs = Float64Array.from(values).sort();
          const best = Math.min(...xs.map((x) => Math.abs(x - wanted)));
          expect(Math.abs((xs[nearestIndex(xs, wanted)] ?? NaN) - wanted)).toBe(best);
        },
      ),
    );
    expect(nearestIndex(new Float64Array(0), 1)).toBe(-1);
  });
});
