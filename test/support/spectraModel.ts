import type { Spectrum, SpectraModule } from '../../src/protocol/panels/spectra';

/** Shapes of the linear modules of a decoder, as multiples of its width: rows, columns. */
const KINDS: readonly (readonly [name: string, around: string, rows: number, columns: number])[] = [
  ['q_proj', 'self_attn', 1, 1],
  ['k_proj', 'self_attn', 1 / 2, 1],
  ['v_proj', 'self_attn', 1 / 2, 1],
  ['o_proj', 'self_attn', 1, 1],
  ['gate_proj', 'mlp', 4, 1],
  ['up_proj', 'mlp', 4, 1],
  ['down_proj', 'mlp', 1, 4],
];

/** How fast the singular values of a kind fall: queries and keys fastest, the wide ones slowest. */
const DECAYS: Readonly<Record<string, number>> = {
  q_proj: 0.62,
  k_proj: 0.7,
  v_proj: 0.38,
  o_proj: 0.34,
  gate_proj: 0.3,
  up_proj: 0.22,
  down_proj: 0.2,
};

/** The linear modules of a decoder of so many layers and such a width. */
export function decoderModules(layers: number, width: number, rank?: number): SpectraModule[] {
  return Array.from({ length: layers }, (_, layer) =>
    KINDS.map(([kind, around, rows, columns]): SpectraModule => ({
      path: `model.layers.${layer}.${around}.${kind}`,
      kind,
      layer,
      shape: [rows * width, columns * width],
      ...(rank === undefined ? {} : { rank }),
    })),
  ).flat();
}

/** How fast a module's singular values fall: by its kind, and by how deep it stands. */
function decayOf({ kind, layer = 0 }: SpectraModule, layers: number): number {
  const depth = layers < 2 ? 0 : layer / (layers - 1);
  const early = 0.35 * Math.exp(-6 * depth);
  return (DECAYS[kind] ?? 0.4) * (1 + early - 0.3 * depth + 0.06 * Math.sin(2.3 * layer));
}

/** A spectrum like those of trained models: a few large values, a power law, a fall at the end. */
export function powerLaw(
  module: SpectraModule,
  layers: number,
  { set = 'base', scale = 1, top }: { set?: string; scale?: number; top?: number } = {},
): Spectrum {
  const decay = decayOf(module, layers);
  const count = Math.min(...module.shape);
  const all = Float64Array.from({ length: count }, (_, index) => {
    const end = Math.sqrt(Math.max(0.0004, 1 - index / count));
    return scale * 9 * (index + 1) ** -decay * end * (1 + 1.4 * Math.exp(-index / 2));
  });
  const squares = all.reduce((sum, value) => sum + value * value, 0);
  const sum = all.reduce((total, value) => total + value, 0);
  const entropy = all.reduce((total, value) => total - (value / sum) * Math.log(value / sum), 0);
  const exact = top === undefined;
  return {
    path: module.path,
    set,
    values: exact ? all : all.slice(0, top),
    frobenius: Math.sqrt(squares),
    errorBound: exact ? 0 : 0.0123,
    exact,
    measures: {
      ...(exact ? { effectiveRank: Math.exp(entropy) } : {}),
      stableRank: squares / (all[0] ?? 1) ** 2,
      decay: -decay,
    },
  };
}

/** The spectrum of what training changed: of the adapter's rank, with some of it in the weight's top directions. */
export function changeOf(module: SpectraModule, layers: number, rank: number, set = 'change'): Spectrum {
  const decay = decayOf(module, layers);
  const values = Float64Array.from({ length: rank }, (_, index) => 0.8 * (index + 1) ** -(0.5 + decay));
  const squares = values.reduce((sum, value) => sum + value * value, 0);
  const overlap = Math.min(0.9, 0.25 + decay / 2);
  const count = Math.min(...module.shape);
  return {
    path: module.path,
    set,
    values,
    frobenius: Math.sqrt(squares),
    errorBound: 0,
    exact: true,
    measures: { stableRank: squares / (values[0] ?? 1) ** 2 },
    relation: {
      rank,
      overlap,
      fresh: 1 - overlap * 0.8,
      overlaps: Float64Array.from({ length: count }, (_, k) =>
        Math.min(1, overlap * ((k + 1) / rank) ** 0.3),
      ),
    },
  };
}
