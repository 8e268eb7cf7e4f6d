import type { AdapterMethod, AdapterSettings } from '../engine/adapters/method';
import { adapterMethods } from '../engine/adapters/registry';
import type { LowRankConfig } from '../protocol/experiment/types';

/** How an adapter is made; LaMDA++ is LaMDA with a rank for each module. */
export function methodOf(adapter: LowRankConfig): AdapterMethod {
  return adapterMethods[adapter.method === 'lamda++' ? 'lamda' : adapter.method];
}

/** What the config says of every module's adapter, but for its rank. */
export function settingsOf(adapter: LowRankConfig): Omit<AdapterSettings, 'rank'> {
  // rsLoRA's scale alpha / sqrt(rank) is the scale alpha' / rank of alpha' = alpha * sqrt(rank).
  const alpha = adapter.use_rslora ? adapter.alpha * Math.sqrt(adapter.rank) : adapter.alpha;
  return {
    alpha,
    balance: adapter.balance,
    coreOnly: adapter.core_only,
    basis: adapter.method === 'lora' || adapter.method === 'pissa' ? 'weights' : adapter.basis,
    dropout: adapter.dropout,
  };
}

/** Whose spectra LaMDA++'s ranks are chosen by. */
export function rankingSpectrum({ ranks, basis }: LowRankConfig): 'weights' | 'gradient' {
  return ranks.spectrum ?? basis;
}
