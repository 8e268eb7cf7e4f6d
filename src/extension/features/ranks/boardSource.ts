import * as path from 'node:path';
import type { Listen } from '../../../base/emitter';
import { InputError } from '../../../base/errors';
import { rankingSpectrum } from '../../../plan/method';
import { neededRanks, type Ranks, type RankSpectrum } from '../../../plan/ranks';
import { type AllocationPlan, givenPlan, planAllocation, trainableOf } from '../../../plan/allocationPlan';
import type { LowRankConfig } from '../../../protocol/experiment/types';
import type { WeightSpectrum } from '../../../protocol/inspector';
import type { PlannedModule, RankPlan, RankRequest, RankTotals } from '../../../protocol/panels/ranks';
import type { PanelProgress } from '../../../protocol/panels/subject';
import type { FollowedSubject } from '../../follower';
import type { Log } from '../../log';
import type { Inspector } from '../../process/inspector';
import type { KeyChange } from '../language/setKeys';
import type { RunSource } from '../curves/session';
import { type ModelLayer, openSubject, type OpenedSubject } from '../spectra/subject';
import type { WeightSpectra } from '../../process/weightSpectra';
import { finishedRuns, otherRuns, type OtherRun } from './otherRuns';
import { readRunRanks } from './runRanks';
import type { RankBoard, RanksSource } from './source';

type Spectra = ReadonlyMap<string, RankSpectrum>;

/** Boards of ranks by the spectra of the weights, beside what runs that have been got. */
export class BoardSource implements RanksSource {
  readonly onDidChange: Listen<void>;

  constructor(
    private readonly inspector: Pick<Inspector, 'calls'>,
    private readonly spectra: WeightSpectra,
    private readonly runs: RunSource,
    private readonly log: Pick<Log, 'info'>,
  ) {
    this.onDidChange = runs.onDidChange;
  }

  comparable(subject: FollowedSubject): string {
    return JSON.stringify(finishedRuns(this.runs, subject).map(({ folder, label }) => [folder, label]));
  }

  async open(
    subject: FollowedSubject,
    progress: (progress: PanelProgress) => void,
    signal: AbortSignal,
  ): Promise<RankBoard> {
    const opened = await openSubject(subject, this.inspector);
    const { adapter, adapted, layers } = opened;
    if (adapter === undefined) {
      throw new InputError({
        what: 'there are no ranks to plan',
        file: subject.path,
        expected: 'an experiment that trains an adapter',
        remedy: 'Set adapter.method to lamda++.',
      });
    }
    const own = subject.kind === 'run' ? await readRunRanks(subject.path, adapter, layers) : undefined;
    const others = await otherRuns(finishedRuns(this.runs, subject), opened, (folder, { message }) =>
      this.log.info(`ranks: ${folder}: ${message}`),
    );
    const needed = neededRanks(asPlanned(adapter, requestOf(adapter)), adapted);
    const given = [...(own === undefined ? [] : [own]), ...others.map(({ ranks }) => ranks)];
    // A run may have adapted other modules than the experiment says now, and got greater ranks.
    const wanted = layers.filter(({ path: module }) => [needed, ...given].some((ranks) => ranks.has(module)));
    const exact = wanted.some(({ path: module, inputs, outputs }) =>
      [needed, ...given].some((ranks) => (ranks.get(module) ?? 0) > Math.min(FAST, inputs, outputs)),
    );
    const spectra = new Map<string, RankSpectrum>();
    const found = ({ module, values, frobenius }: WeightSpectrum, done: number, total: number): void => {
      spectra.set(module, { values, frobenius });
      if (done > 0) progress({ done, total });
    };
    await this.spectra.find(opened.model, wanted, found, signal, exact);
    return boardOf(subject, opened, adapter, spectra, { own, others });
  }
}

/** How many top values a fast decomposition has at least, of a matrix that is large enough. */
const FAST = 64;

/** Ranks that are there already. */
interface Given {
  /** Of the run that the board is about. */
  readonly own: Ranks | undefined;
  readonly others: readonly OtherRun[];
}

function boardOf(
  subject: FollowedSubject,
  { name, model, adapted, layers }: OpenedSubject,
  adapter: LowRankConfig,
  spectra: Spectra,
  { own, others }: Given,
): RankBoard {
  return {
    name,
    model: path.basename(model),
    modules: adapted.map(({ path: module, kind, layer, outputs, inputs }) => ({
      path: module,
      kind,
      shape: [outputs, inputs],
      ...(layer === undefined ? {} : { layer }),
    })),
    candidates: candidatesShown(adapter, own),
    configured: requestOf(adapter),
    ...fixedBy(subject, adapter),
    readOnly: own !== undefined,
    others: others.map(({ folder, name: run, adapter: theirs, ranks }) => {
      const plan = givenPlan(theirs, layers, ranks, spectra);
      return { key: folder, name: run, modules: modulesOf(theirs, layers, plan), totals: totalsOf(plan) };
    }),
    plan: (request) =>
      own === undefined
        ? planned(asPlanned(adapter, request), request, adapted, spectra)
        : beenPlan(adapter, adapted, own, spectra),
    changes: (request) => changesOf(request, adapter),
  };
}

/** The ranks that a board tells apart by colours: those that may be got, and those that a run has got. */
function candidatesShown(adapter: LowRankConfig, own: Ranks | undefined): number[] {
  const ranks = own === undefined ? adapter.ranks.candidates : [...own.values()];
  return [...new Set(ranks)].sort((a, b) => a - b);
}

function fixedBy({ kind }: FollowedSubject, adapter: LowRankConfig): { fixed?: string } {
  const { method } = adapter;
  if (kind === 'run') return { fixed: 'The run has been: its ranks stand.' };
  if (method === 'lamda++' && rankingSpectrum(adapter) === 'gradient') {
    return {
      fixed:
        'The ranks go by the gradient’s spectrum, which is found when a run begins; this plan goes by the weights’.',
    };
  }
  return method === 'lamda++'
    ? {}
    : {
        fixed: `The method is ${method}, which has one rank for all. Set adapter.method to lamda++ to use this plan.`,
      };
}

function requestOf({ rank, ranks }: LowRankConfig): RankRequest {
  const { candidates, min, max, budget, allocation, pinned } = ranks;
  return {
    budget: budget === null ? { unit: 'rank', value: rank } : { unit: 'parameters', value: budget },
    rule: allocation,
    min: min ?? Math.min(...candidates),
    max: max ?? Math.max(...candidates),
    pinned,
  };
}

/** The experiment as a request would have it. */
function asPlanned(adapter: LowRankConfig, { budget, rule, min, max, pinned }: RankRequest): LowRankConfig {
  const inRanks = budget.unit === 'rank';
  return {
    ...adapter,
    method: 'lamda++',
    rank: inRanks ? budget.value : adapter.rank,
    ranks: {
      ...adapter.ranks,
      allocation: rule,
      budget: inRanks ? null : Math.round(budget.value),
      min,
      max,
      pinned,
    },
  };
}

function planned(
  config: LowRankConfig,
  { min, max }: RankRequest,
  layers: readonly ModelLayer[],
  spectra: Spectra,
): RankPlan {
  const [least, most] = [min, max].map((rank) => evenly(config, layers, spectra, rank));
  return {
    ...withUniform(config, layers, spectra, planAllocation(config, layers, spectra)),
    limits: {
      rank: [least?.meanRank ?? 1, most?.meanRank ?? 1],
      parameters: [least?.trainable ?? 1, most?.trainable ?? 1],
    },
  };
}

/** The ranks of a run that has been, in the form of a plan that nothing can be asked of. */
function beenPlan(
  adapter: LowRankConfig,
  layers: readonly ModelLayer[],
  ranks: Ranks,
  spectra: Spectra,
): RankPlan {
  const plan = givenPlan(adapter, layers, ranks, spectra);
  const { meanRank, trainable } = plan;
  return {
    ...withUniform(adapter, layers, spectra, plan),
    limits: { rank: [meanRank, meanRank], parameters: [trainable, trainable] },
  };
}

/** A plan beside one rank for all at the same mean. */
function withUniform(
  config: LowRankConfig,
  layers: readonly ModelLayer[],
  spectra: Spectra,
  plan: AllocationPlan,
): Omit<RankPlan, 'limits'> {
  const mean = Math.max(1, Math.round(plan.meanRank));
  const uniform = planAllocation(
    {
      ...config,
      rank: mean,
      ranks: { ...config.ranks, allocation: 'uniform', budget: null },
    },
    layers,
    spectra,
  );
  return {
    modules: modulesOf(config, layers, plan),
    totals: totalsOf(plan),
    uniform: {
      ranks: Object.fromEntries(uniform.ranks.map(({ path: module, rank }) => [module, rank])),
      totals: totalsOf(uniform),
    },
  };
}

function modulesOf(
  config: LowRankConfig,
  layers: readonly ModelLayer[],
  { ranks }: AllocationPlan,
): PlannedModule[] {
  const byPath = new Map(layers.map((layer) => [layer.path, layer]));
  return ranks.map(({ path: module, rank, energy }) => {
    const layer = byPath.get(module);
    return {
      path: module,
      rank,
      energy,
      parameters: layer === undefined ? 0 : trainableOf(config, layer, rank),
    };
  });
}

/** What one rank for all that is not pinned comes to. */
function evenly(
  config: LowRankConfig,
  layers: readonly ModelLayer[],
  spectra: Spectra,
  rank: number,
): { readonly meanRank: number; readonly trainable: number } {
  const ranks = {
    ...config.ranks,
    allocation: 'equal-energy' as const,
    candidates: [rank],
    min: null,
    max: null,
    budget: null,
  };
  return planAllocation({ ...config, rank: Number.MAX_SAFE_INTEGER / layers.length, ranks }, layers, spectra);
}

function totalsOf({ meanRank, trainable, adapterBytes, meanEnergy }: AllocationPlan): RankTotals {
  return { meanRank, trainable, bytes: adapterBytes, energy: meanEnergy };
}

/** The keys that say what a request says; what is as without the key is not written. */
function changesOf(request: RankRequest, { ranks }: LowRankConfig): readonly KeyChange[] {
  const { budget, rule, min, max, pinned } = request;
  const inRanks = budget.unit === 'rank';
  const key = (name: string, value: string | undefined): KeyChange => ({
    path: ['adapter', 'ranks', name],
    value,
  });
  const pins = Object.entries(pinned).map(([target, rank]) => `${JSON.stringify(target)}: ${rank}`);
  return [
    { path: ['adapter', 'rank'], value: inRanks ? String(budget.value) : undefined },
    key('allocation', rule),
    key('budget', inRanks ? undefined : String(Math.round(budget.value))),
    key('min', min === Math.min(...ranks.candidates) ? undefined : String(min)),
    key('max', max === Math.max(...ranks.candidates) ? undefined : String(max)),
    key('pinned', pins.length === 0 ? undefined : `{ ${pins.join(', ')} }`),
  ];
}
