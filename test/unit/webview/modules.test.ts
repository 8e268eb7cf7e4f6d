import { describe, expect, it } from 'vitest';
import { contrast, parseColour } from '../../../webview/kit/colour';
import { formatBytes, formatShare } from '../../../webview/kit/format';
import { Latest } from '../../../webview/kit/latest';
import { moduleGrid, moduleName, moved } from '../../../webview/kit/moduleGrid';
import { amountScale, differenceScale, inkOn, scaleStops } from '../../../webview/kit/scale';

function place(path: string, kind: string, layer?: number) {
  return { path, kind, shape: [4, 4] as [number, number], ...(layer === undefined ? {} : { layer }) };
}

const GRID = moduleGrid([
  place('model.layers.0.attn.q', 'q', 0),
  place('model.layers.0.attn.v', 'v', 0),
  place('model.layers.1.attn.q', 'q', 1),
  place('model.layers.2.attn.q', 'q', 2),
  place('model.layers.2.attn.v', 'v', 2),
  place('lm_head', 'lm_head'),
]);

describe('modules in a grid', () => {
  it('have a row a kind and a column a layer, and one for what stands outside', () => {
    expect(GRID.columns).toEqual([0, 1, 2, undefined]);
    expect(GRID.rows.map(({ label }) => label)).toEqual(['q', 'v', 'lm_head']);
    expect(GRID.rows[1]?.cells).toEqual([
      'model.layers.0.attn.v',
      undefined,
      'model.layers.2.attn.v',
      undefined,
    ]);
  });

  it('of one name in two places have a row each', () => {
    const { rows } = moduleGrid([
      place('encoder.layers.0.q', 'q', 0),
      place('decoder.layers.0.q', 'q', 0),
      place('decoder.layers.1.q', 'q', 1),
    ]);
    expect(rows.map(({ label }) => label)).toEqual(['encoder.layers.*.q', 'decoder.layers.*.q']);
  });

  it('are gone through by keys, over gaps, and never out', () => {
    const to = (row: number, column: number, key: string, whole = false) =>
      moved(GRID, { row, column }, key, whole);
    expect(to(1, 0, 'ArrowRight')).toEqual({ row: 1, column: 2 });
    expect(to(1, 2, 'ArrowRight')).toEqual({ row: 1, column: 2 });
    expect(to(1, 2, 'ArrowLeft')).toEqual({ row: 1, column: 0 });
    expect(to(0, 1, 'ArrowDown')).toEqual({ row: 0, column: 1 });
    expect(to(0, 2, 'PageDown')).toEqual({ row: 1, column: 2 });
    expect(to(0, 1, 'End')).toEqual({ row: 0, column: 2 });
    expect(to(1, 2, 'Home', true)).toEqual({ row: 0, column: 0 });
    expect(to(0, 0, 'x')).toBeUndefined();
  });

  it('are called as people say it', () => {
    expect(moduleName({ kind: 'q_proj', layer: 3 })).toBe('layer 3, q_proj');
    expect(moduleName({ kind: 'lm_head' })).toBe('lm_head');
  });
});

describe('colours of amounts', () => {
  it.each(['#ffffff', '#1f1f1f', '#000000'])(
    'stand ever further from %s, and are written on',
    (background) => {
      const ground = parseColour(background);
      if (ground === undefined) throw new Error('not read');
      let before = 0;
      for (const colour of scaleStops(amountScale(background), 0)) {
        const read = parseColour(colour);
        const ink = parseColour(inkOn(colour));
        if (read === undefined || ink === undefined) throw new Error('not read');
        const far = contrast(read, ground);
        expect(far).toBeGreaterThan(before);
        expect(contrast(ink, read)).toBeGreaterThanOrEqual(4.5);
        before = far;
      }
    },
  );

  it('of differences are the same where nothing differs, and end where the range does', () => {
    const scale = differenceScale('#ffffff');
    expect(scale(0)).toBe('#ececec');
    expect(scale(-5)).toBe(scale(-1));
    expect(scale(1)).not.toBe(scale(-1));
  });
});

describe('questions', () => {
  it('are asked one at a time, and only the newest of those that came meanwhile', async () => {
    const asked: number[] = [];
    const answers: string[] = [];
    const waiting: (() => void)[] = [];
    const latest = new Latest<number, string>(
      async (question) => {
        asked.push(question);
        await new Promise<void>((resolve) => waiting.push(resolve));
        if (question === 4) throw new Error('no');
        return `answer ${question}`;
      },
      (answer) => answers.push(answer),
      (error, question) => answers.push(`${question}: ${String(error)}`),
    );
    const release = async (): Promise<void> => {
      waiting.shift()?.();
      await new Promise((resolve) => setTimeout(resolve));
    };
    latest.want(1);
    latest.want(2);
    latest.want(3);
    expect(asked).toEqual([1]);
    await release();
    expect(asked).toEqual([1, 3]);
    latest.want(4);
    await release();
    await release();
    expect(answers).toEqual(['answer 1', 'answer 3', '4: Error: no']);
    latest.want(5);
    await release();
    expect(answers.at(-1)).toBe('answer 5');
  });
});

describe('shares and sizes', () => {
  it('neither become none nor all before they are', () => {
    expect([0, 0.0004, 0.004, 0.25, 0.994, 0.9996, 1].map(formatShare)).toEqual([
      '0 %',
      'under 0.1 %',
      '0.4 %',
      '25 %',
      '99.4 %',
      'over 99.9 %',
      '100 %',
    ]);
    expect([812, 4_700_000, 1_234].map(formatBytes)).toEqual(['812 B', '4.7 MB', '1.23 kB']);
  });
});
