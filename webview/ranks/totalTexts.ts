import type { RankTotals } from '../../src/protocol/panels/ranks';
import { formatBytes, formatCount, formatShare, formatValue } from '../kit/format';
import { rivalOf, type State } from './state';

/** What is told of a plan, in the order in which it is told. */
const FACTS = [
  { name: 'Mean rank', of: ({ meanRank }) => meanRank, format: (value) => value.toFixed(1) },
  { name: 'Trainable', of: ({ trainable }) => trainable, format: formatCount },
  { name: 'Adapter size', of: ({ bytes }) => bytes, format: formatBytes },
  { name: 'Energy kept', of: ({ energy }) => energy, format: exactShare },
] as const satisfies readonly {
  name: string;
  of: (totals: RankTotals) => number;
  format: (value: number) => string;
}[];

/** A fact with what it is compared with. */
export interface TotalText {
  readonly name: string;
  readonly value: string;
  /** `uniform: 60.2 %`, one for each that it is compared with. */
  readonly against: readonly string[];
}

/** What the plan comes to, against one rank for all at the same mean, and against what it is compared with. */
export function totalTexts(state: State): TotalText[] {
  const { plan } = state;
  if (plan === undefined) return [];
  const rival = rivalOf(state);
  const others = [
    { name: 'uniform', totals: plan.uniform.totals },
    ...(rival === undefined || rival.name === 'Uniform' ? [] : [rival]),
  ];
  return FACTS.map(({ name, of, format }) => ({
    name,
    value: format(of(plan.totals)),
    against: others.map((other) => `${other.name}: ${format(of(other.totals))}`),
  }));
}

/** One digit more than elsewhere: plans differ by little. */
function exactShare(share: number): string {
  return share < 0.01 || share > 0.99
    ? formatShare(share)
    : `${formatValue(Math.round(share * 1000) / 10)} %`;
}
