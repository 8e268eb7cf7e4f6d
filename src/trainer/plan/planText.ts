import type { LinearModule } from '../../engine/models/modules';
import { formatNumber, formatSpan, formatTable } from '../cli/format';
import type { AllocationPlan } from '../../plan/allocationPlan';
import type { ExperimentPlan } from './experimentPlan';

/** A plan with what is said beside it. */
export interface ShownPlan {
  readonly plan: ExperimentPlan;
  readonly name: string;
  readonly device: string;
  readonly why: string;
  /** All linear layers of the model, in its order. */
  readonly modules: readonly LinearModule[];
}

/** A plan as one JSON object: the contract of `eigenloom plan --json`. Sizes are in bytes or MB (10^6 bytes). */
export function planJson({ plan, device }: ShownPlan): string {
  const { allocation, others, trainable, adapterBytes, memoryBytes, stepTime, steps } = plan;
  const object = {
    modules: allocation?.ranks.map(({ path: module, rank, energy }) => ({ module, rank, energy })) ?? [],
    trainable,
    adapter_bytes: adapterBytes,
    peak_mb: Math.round(memoryBytes / 1e6),
    step_seconds: stepTime?.seconds ?? null,
    step_seconds_error: stepTime?.error ?? null,
    device,
    steps,
    ...(others.length === 0 ? {} : { allocations: [allocation, ...others].flatMap(allocationJson) }),
  };
  return `${JSON.stringify(object)}\n`;
}

function allocationJson(allocation: AllocationPlan | undefined): object[] {
  if (allocation === undefined) return [];
  const { name, meanRank, trainable, adapterBytes, meanEnergy, leastEnergy, ranks } = allocation;
  return [
    {
      name,
      mean_rank: meanRank,
      trainable,
      adapter_bytes: adapterBytes,
      mean_energy: meanEnergy,
      least_energy: leastEnergy,
      ranks: Object.fromEntries(ranks.map(({ path, rank }) => [path, rank])),
    },
  ];
}

/** A plan for a person: ranks by layer and module, then what they cost. */
export function planText({ plan, name, device, why, modules }: ShownPlan): string {
  const { allocation, others } = plan;
  const lines =
    allocation === undefined
      ? [`${name}: every weight is trained`]
      : [
          `${name}: ${allocation.name}, the rank of each module`,
          ...formatTable(rankRows(allocation, modules)),
          '',
          ...formatTable([
            ['allocation', 'mean rank', 'trainable', 'adapter', 'energy kept (mean, least)'],
            ...[allocation, ...others].map(allocationRow),
          ]),
        ];
  return `${[...lines, '', ...formatTable(costRows(plan, device, why))].join('\n')}\n`;
}

/** Layers down, kinds of modules across. */
function rankRows({ ranks }: AllocationPlan, modules: readonly LinearModule[]): string[][] {
  const found = new Map(ranks.map(({ path, rank, pinned }) => [path, `${rank}${pinned ? '*' : ''}`]));
  const adapted = modules.filter(({ path }) => found.has(path));
  const kinds = [...new Set(adapted.map(({ kind }) => kind))];
  const layers = [...new Set(adapted.map(({ layer }) => layer))];
  const pinned = ranks.some((rank) => rank.pinned) ? [['(* pinned)']] : [];
  return [
    ['layer', ...kinds],
    ...layers.map((layer) => [
      String(layer),
      ...kinds.map((kind) => {
        const module = adapted.find((one) => one.layer === layer && one.kind === kind);
        return module === undefined ? '' : (found.get(module.path) ?? '');
      }),
    ]),
    ...pinned,
  ];
}

function allocationRow(plan: AllocationPlan): string[] {
  const { name, meanRank, trainable, adapterBytes, meanEnergy, leastEnergy } = plan;
  return [
    name,
    formatNumber(meanRank),
    trainable.toLocaleString('en'),
    megabytes(adapterBytes),
    `${percent(meanEnergy)}, ${percent(leastEnergy)}`,
  ];
}

function costRows(plan: ExperimentPlan, device: string, why: string): string[][] {
  const { trainable, memoryBytes, stepTime, steps } = plan;
  const rows = [
    [
      'trainable',
      `${trainable.toLocaleString('en')} parameters at first, an adapter of ${megabytes(plan.adapterBytes)}`,
    ],
    ['memory', `${(memoryBytes / 1e9).toFixed(2)} GB at the peak (predicted)`],
    ['device', `${device}: ${why}`],
  ];
  if (stepTime === undefined)
    return [...rows, ['step', 'unknown: nothing was trained on this machine and device yet']];
  const { seconds, error, samples } = stepTime;
  const known =
    error === undefined
      ? 'from one phase of a past run'
      : `± ${percent(error)}, from ${samples} phases of past runs`;
  return [
    ...rows,
    ['step', `${formatNumber(seconds)} s (${known}); ${steps} steps in ${formatSpan(seconds * steps)}`],
  ];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
