import { gemm } from '../../graph/builder';
import { multiply, need, needBasis, scaleColumns, sum, unitColumns } from '../factors';
import type { AdapterMethod } from '../method';

/**
 * LaMDA (Azizi et al. 2024): the first projection A (PMA) holds the top right singular vectors and is frozen for
 * ever, the core S (LDA, r x r) is trained, the second projection B (PMB) is trained until its columns are frozen
 * one after the other (`frozenColumns`). y = W x + (B S - B0 S0) A x.
 *
 * `origin` is -B0 S0, kept as one matrix. The graph forms M = B S + origin first, [outputs, rank], so that beside
 * h = A x [rows, rank] nothing of the module's input has to be kept for the gradients.
 *
 * Balanced (the default): c = rms(sigma) goes from the core to the PMB, B0 = c U, S0 = Sigma / c. The function is the
 * same; one learning rate then suits both.
 *
 * On the gradient's basis (ours, beyond the paper) the projections are the top singular vectors of dL/dW, B0 = U, and
 * S0 = 0: nothing has to be subtracted, so there is no `origin`, and no scale to balance. The core's first gradient is
 * then U^T (dL/dW) V = Sigma: it begins along the directions in which the loss falls fastest.
 */
export const lamda: AdapterMethod = {
  id: 'lamda',
  needsBasis: true,

  factors: (module, { rank, coreOnly, basis }) => [
    { name: 'pma', shape: [rank, module.inputs], kind: 'frozen' },
    { name: 'lda', shape: [rank, rank], kind: 'trained' },
    { name: 'pmb', shape: [module.outputs, rank], kind: coreOnly ? 'frozen' : 'thawed' },
    ...(basis === 'weights'
      ? [{ name: 'origin', shape: [module.outputs, rank], kind: 'frozen' } as const]
      : []),
  ],

  initialise: (module, { rank, balance, basis }, sources) => {
    const { u, sigma, vt } = needBasis(sources, module.path);
    if (basis === 'gradient') return { pma: vt, lda: new Float32Array(rank * rank), pmb: u };
    const c = balance ? Math.sqrt(sigma.reduce((sum, s) => sum + s * s, 0) / rank) : 1;
    const scale = c > 0 ? c : 1;
    const lda = new Float32Array(rank * rank);
    for (let i = 0; i < rank; i++) lda[i * rank + i] = (sigma[i] ?? 0) / scale;
    const pmb = u.map((value) => value * scale);
    // From the rounded factors themselves, so that B S + origin is 0 to the last bit at the start.
    const origin = scaleColumns(pmb, rank, (column) => -(lda[column * rank + column] ?? 0));
    return { pma: vt, lda, pmb, origin };
  },

  inject: (graph, { basis }, x, base, factor) => {
    const h = gemm(graph, x, factor('pma'), { transB: true, name: 'h' });
    const c = basis === 'weights' ? factor('origin') : undefined;
    const m = gemm(graph, factor('pmb'), factor('lda'), { c, name: 'm' });
    return gemm(graph, h, m, { transB: true, c: base, name: 'adapted' });
  },

  loraRank: ({ rank }) => rank,

  toLora: (module, { rank, basis }, factors) => {
    const product = multiply(need(factors, 'pmb'), need(factors, 'lda'), module.outputs, rank, rank);
    // The product is rounded before the origin is added, as the origin was: nothing changed is exactly 0.
    return {
      rank,
      a: need(factors, 'pma'),
      b: basis === 'weights' ? sum(product, need(factors, 'origin')) : product,
    };
  },

  // The origin is -U Sigma.
  directions: (_module, { rank, basis }, factors) =>
    basis === 'weights'
      ? { u: unitColumns(need(factors, 'origin'), rank), vt: need(factors, 'pma') }
      : undefined,
};
