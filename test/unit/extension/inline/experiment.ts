import { analyse } from '../../../../src/extension/features/language/analysis';
import type { Entry } from '../../../../src/extension/features/language/entries';
import {
  type KnownSpectra,
  type Outlook,
  outlookOf,
} from '../../../../src/extension/features/inline/outlook';
import { knownSpectrum } from '../../../../src/extension/features/inline/knownSpectrum';
import { resolveExperiment } from '../../../../src/protocol/experiment/resolve';

/** Two layers with two modules each. */
export const LAYERS = [0, 1].flatMap((layer) =>
  ['q_proj', 'up_proj'].map((kind) => ({
    path: `model.layers.${layer}.x.${kind}`,
    kind,
    inputs: 16,
    outputs: 32,
  })),
);

/** Their spectra: q_proj falls steeply, up_proj is flat. */
export const SPECTRA: KnownSpectra = new Map(
  LAYERS.map(({ path, kind }) => {
    const values = Float64Array.from({ length: 16 }, (_, i) => (kind === 'q_proj' ? 2 ** -i : 1));
    return [path, knownSpectrum({ values, frobenius: Math.hypot(...values), exact: true }, 16)];
  }),
);

/** An experiment whose adapter section is this text, and what is known of it. */
export function experimentOf(
  adapter: string,
  spectra: KnownSpectra = SPECTRA,
): { readonly text: string; readonly entries: readonly Entry[]; readonly outlook: Outlook } {
  const text = `model: m\ndata: { train: a.jsonl, text: "{t}" }\nadapter:\n${adapter}`;
  const { entries, parsed } = analyse(text, '/x.tune.yaml');
  if (parsed.values === undefined) throw new Error(parsed.errors.join('\n'));
  const { adapter: config } = resolveExperiment(parsed.values, 'x', (path) => path);
  if (config.method === 'full') throw new Error('no adapter');
  return { text, entries, outlook: outlookOf(config, LAYERS, spectra) };
}
