import { describe, expect, it } from 'vitest';
import { type ChangeLine, decodeChange, encodeChange } from '../../../../src/protocol/run/changes';

const line: ChangeLine = {
  step: 50,
  modules: [
    {
      module: 'model.layers.0.self_attn.q_proj',
      values: Float64Array.of(0.123456, 0.0123456, 1.23456e-9, 0),
      frobenius: 0.124072,
      stable_rank: 1.01,
      overlap: 0.25,
      fresh: 1,
      live: 3,
    },
    { module: 'model.layers.0.mlp.up_proj', values: Float64Array.of(), frobenius: 0, stable_rank: 0 },
  ],
};

describe('a line of changes.jsonl', () => {
  it('comes back as it was', () => {
    expect(decodeChange(encodeChange(line))).toEqual(line);
  });

  it('has six significant digits, and the keys of the format', () => {
    const [first] = line.modules;
    if (first === undefined) throw new Error('no module');
    const text = encodeChange({
      step: 7,
      modules: [{ ...first, values: Float64Array.of(Math.PI, Math.PI * 1e-20), frobenius: 1e9 / 3 }],
    });
    expect(text).toBe(
      '{"step":7,"modules":[{"module":"model.layers.0.self_attn.q_proj","values":[3.14159,3.14159e-20],' +
        '"frobenius":333333000,"stable_rank":1.01,"overlap":0.25,"fresh":1,"live":3}]}',
    );
  });

  it('may say more than is known here', () => {
    const text = encodeChange(line).replace('"frobenius"', '"later":[1],"frobenius"');
    expect(decodeChange(`{"also":true,${text.slice(1)}`)).toEqual(line);
  });

  it.each([
    ['torn', (text: string) => text.slice(0, -20)],
    ['no object', () => '[1]'],
    ['another object', () => '{"step":1,"split":"train","loss":1}'],
    ['a step that is none', (text: string) => text.replace('50', '"50"')],
    ['a module that is none', (text: string) => text.replace('"modules":[', '"modules":[3,')],
    ['a module without a name', (text: string) => text.replace('"module":"model', '"modul":"model')],
    ['values that are none', (text: string) => text.replace('[0.123456', '[null')],
    ['a value below 0', (text: string) => text.replace('[0.123456', '[-0.123456')],
    ['a value beyond all numbers', (text: string) => text.replace('[0.123456', '[1e999')],
    ['no norm', (text: string) => text.replace('"frobenius"', '"norm"')],
    ['no stable rank', (text: string) => text.replace('"stable_rank"', '"rank"')],
    ['an overlap that is none', (text: string) => text.replace('"overlap":0.25', '"overlap":"0.25"')],
  ])('is skipped where it is damaged: %s', (_, damage) => {
    const text = encodeChange(line);
    expect(damage(text)).not.toBe(text);
    expect(decodeChange(damage(text))).toBeUndefined();
  });
});
