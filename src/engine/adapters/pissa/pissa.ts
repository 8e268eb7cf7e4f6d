import { gemm } from '../../graph/builder';
import { joinColumns, joinRows, need, needBasis, scaleColumns, scaleRows } from '../factors';
import type { AdapterMethod } from '../method';

/**
 * Principal singular values and vectors adaptation (Meng et al. 2024): A0 = sqrt(Sigma) Vt, B0 = U sqrt(Sigma). The
 * weight stays as it is and the initial product is subtracted: y = W x + (B A - B0 A0) x.
 */
export const pissa: AdapterMethod = {
  id: 'pissa',
  needsBasis: true,

  factors: (module, { rank }) => [
    { name: 'lora_A', shape: [rank, module.inputs], kind: 'trained' },
    { name: 'lora_B', shape: [module.outputs, rank], kind: 'trained' },
    { name: 'initial_A', shape: [rank, module.inputs], kind: 'frozen' },
    { name: 'initial_B', shape: [module.outputs, rank], kind: 'frozen' },
  ],

  initialise: (module, { rank }, sources) => {
    const { u, sigma, vt } = needBasis(sources, module.path);
    const root = (i: number): number => Math.sqrt(sigma[i] ?? 0);
    const a = scaleRows(vt, module.inputs, root);
    const b = scaleColumns(u, rank, root);
    return { lora_A: a, lora_B: b, initial_A: a.slice(), initial_B: b.slice() };
  },

  inject: (graph, _settings, x, base, factor) => {
    const initial = gemm(graph, x, factor('initial_A'), { transB: true, name: 'h_initial' });
    const residual = gemm(graph, initial, factor('initial_B'), {
      transB: true,
      alpha: -1,
      c: base,
      name: 'residual',
    });
    const h = gemm(graph, x, factor('lora_A'), { transB: true, name: 'h' });
    return gemm(graph, h, factor('lora_B'), { transB: true, c: residual, name: 'adapted' });
  },

  loraRank: ({ rank }) => 2 * rank,

  toLora: (module, { rank }, factors) => ({
    rank: 2 * rank,
    a: joinRows(need(factors, 'lora_A'), need(factors, 'initial_A')),
    b: joinColumns(
      need(factors, 'lora_B'),
      need(factors, 'initial_B').map((value) => -value),
      module.outputs,
    ),
  }),
};
