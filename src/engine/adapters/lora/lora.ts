import { gemm } from '../../graph/builder';
import { need, scaleColumns } from '../factors';
import type { AdapterMethod } from '../method';

/** Low-rank adaptation (Hu et al. 2021): y = W x + s B A x, s = alpha / rank; A Kaiming-uniform, B = 0. */
export const lora: AdapterMethod = {
  id: 'lora',
  needsBasis: false,

  factors: (module, { rank }) => [
    { name: 'lora_A', shape: [rank, module.inputs], kind: 'trained' },
    { name: 'lora_B', shape: [module.outputs, rank], kind: 'trained' },
  ],

  initialise: (module, { rank }, sources) => {
    // Kaiming-uniform with a = sqrt(5), as PEFT: the bound is 1 / sqrt(inputs).
    const bound = 1 / Math.sqrt(module.inputs);
    return {
      lora_A: sources.uniform(rank * module.inputs).map((u) => (2 * u - 1) * bound),
      lora_B: new Float32Array(module.outputs * rank),
    };
  },

  inject: (graph, { alpha, rank }, x, base, factor, drop) => {
    const h = gemm(graph, drop(x), factor('lora_A'), { transB: true, name: 'h' });
    return gemm(graph, h, factor('lora_B'), { transB: true, alpha: alpha / rank, c: base, name: 'adapted' });
  },

  loraRank: ({ rank }) => rank,

  toLora: (_module, { alpha, rank }, factors) => ({
    rank,
    a: need(factors, 'lora_A'),
    b: scaleColumns(need(factors, 'lora_B'), rank, () => alpha / rank),
  }),

  directions: () => undefined,
};
