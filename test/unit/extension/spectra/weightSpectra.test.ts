import { describe, expect, it } from 'vitest';
import { WeightSpectra } from '../../../../src/extension/process/weightSpectra';
import type { SpectrumQuality, WeightSpectrum } from '../../../../src/protocol/inspector';

const layerOf = (path: string, size: number) => ({ path, kind: path, inputs: size, outputs: size });
const LAYERS = [layerOf('small', 64), layerOf('large', 2048), layerOf('known', 2048)];

function spectrumOf(module: string, exact: boolean): WeightSpectrum {
  return { module, values: Float64Array.of(1), frobenius: 1, error_bound: 0, exact };
}

const unasked = new Error('nobody should ask');

/** What is asked of the inspector, and told to the finder and to all others. */
async function find(exact: boolean) {
  const asked: [string, SpectrumQuality][] = [];
  const found: string[] = [];
  const others: string[] = [];
  const spectra = new WeightSpectra({
    calls: {
      spectra: () => Promise.resolve([spectrumOf('known', false)]),
      spectrum: (_, module, quality) => {
        asked.push([module, quality]);
        return Promise.resolve(spectrumOf(module, quality === 'exact'));
      },
      relation: () => Promise.reject(unasked),
      difference: () => Promise.reject(unasked),
    },
  });
  spectra.onDidFind(({ model, spectrum }) => others.push(`${model} ${spectrum.module}`));
  const tell = ({ module }: WeightSpectrum): void => {
    found.push(module);
  };
  await spectra.find('/m', LAYERS, tell, new AbortController().signal, exact);
  return { asked, found, others };
}

describe('the spectra of weights', () => {
  it('are the top values of large matrices, and all of small ones', async () => {
    expect(await find(false)).toEqual({
      asked: [
        ['large', 'fast'],
        ['small', 'exact'],
      ],
      found: ['known', 'large', 'small'],
      others: ['/m large', '/m small'],
    });
  });

  it('are all values at last, where they are asked for', async () => {
    const { asked, found } = await find(true);
    expect(asked).toEqual([
      ['large', 'fast'],
      ['small', 'exact'],
      ['large', 'exact'],
      ['known', 'exact'],
    ]);
    expect(found).toEqual(['known', 'large', 'small', 'large', 'known']);
  });
});
