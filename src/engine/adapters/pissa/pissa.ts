import { gemm } from '../../graph/builder';
import {
  joinColumns,
  joinRows,
  need,
  needBasis,
  scaleColumns,
  scaleRows,
  subtract,
  unitColumns,
  unitRows,
} from '../factors';
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

  // (B - B0) A + B0 (A - A0) is B A - B0 A0, but what is nearly the same is subtracted before it is multiplied: a small
  // change keeps its digits, and none is exactly 0.
  toLora: (module, { rank }, factors) => {
    const [a, initialA] = [need(factors, 'lora_A'), need(factors, 'initial_A')];
    const [b, initialB] = [need(factors, 'lora_B'), need(factors, 'initial_B')];
    return {
      rank: 2 * rank,
      a: joinRows(a, subtract(a, initialA)),
      b: joinColumns(subtract(b, initialB), initialB, module.outputs),
    };
  },

  directions: (module, { rank }, factors) => ({
    u: unitColumns(need(factors, 'initial_B'), rank),
    vt: unitRows(need(factors, 'initial_A'), module.inputs),
  }),
};
