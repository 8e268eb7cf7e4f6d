import { isActive, isResumable, type RunSummary } from '../../../runs/survey/summary';

/** What a lens does: the feature maps it to a command. */
export type LensAction =
  | { readonly kind: 'run' | 'runWithChanges' | 'resumeLast' | 'curves' | 'ranks' | 'spectra' }
  | { readonly kind: 'stop' | 'curvesOf'; readonly folder: string };

/** One entry of the line above an experiment. */
export interface Lens {
  readonly title: string;
  readonly tooltip: string;
  readonly action: LensAction;
}

/**
 * The line above an experiment: always one, whatever its runs do. `runs` are the file's own, the newest first. The plan
 * stands last, where nothing moves when it comes.
 */
export function lensesOf(runs: readonly RunSummary[], plan?: Lens): readonly Lens[] {
  const active = runs.find(isActive);
  const start: readonly Lens[] =
    active === undefined
      ? [
          { title: '$(play) Run', tooltip: 'Train this experiment in a new run', action: { kind: 'run' } },
          {
            title: '$(run-all) Run with changes…',
            tooltip: 'Train it with other values for some keys',
            action: { kind: 'runWithChanges' },
          },
          ...resumeOf(runs),
        ]
      : progressOf(active);
  return [...start, ...curvesOf(runs), ...bestOf(runs), ...(plan === undefined ? [] : [plan])];
}

function resumeOf([newest]: readonly RunSummary[]): readonly Lens[] {
  if (newest === undefined || !isResumable(newest)) return [];
  const at = newest.totalSteps === undefined ? '' : ` from step ${newest.step} of ${newest.totalSteps}`;
  return [
    {
      title: '$(debug-continue) Resume last',
      tooltip: `Go on with ${newest.label}${at}`,
      action: { kind: 'resumeLast' },
    },
  ];
}

function progressOf(run: RunSummary): readonly Lens[] {
  const { folder, label } = run;
  return [
    {
      title: `$(loading~spin) ${progressText(run)}`,
      tooltip: `Show the curves of ${label}`,
      action: { kind: 'curvesOf', folder },
    },
    {
      title: '$(debug-stop) Stop',
      tooltip: `Stop ${label} with a checkpoint`,
      action: { kind: 'stop', folder },
    },
  ];
}

/** `step 12/300 · loss 1.23`, or what goes on before the first step. */
function progressText({ step, totalSteps, loss, activity, status }: RunSummary): string {
  if (status === 'queued') return 'starting';
  const steps = totalSteps === undefined ? '' : `step ${step}/${totalSteps}`;
  const what = activity ?? (loss === undefined ? undefined : `loss ${lossText(loss)}`);
  return [steps, what].filter((part) => part !== undefined && part !== '').join(' · ') || 'running';
}

function curvesOf(runs: readonly RunSummary[]): readonly Lens[] {
  if (runs.length === 0) return [];
  return [
    { title: '$(graph-line) Curves', tooltip: 'Show the curves of its runs', action: { kind: 'curves' } },
  ];
}

/** The run that came to the lowest evaluation loss. */
function bestOf(runs: readonly RunSummary[]): readonly Lens[] {
  let best: { readonly run: RunSummary; readonly loss: number; readonly step: number } | undefined;
  for (const run of runs) {
    const { bestEval } = run;
    if (bestEval === undefined || bestEval.loss >= (best?.loss ?? Infinity)) continue;
    best = { run, ...bestEval };
  }
  if (best === undefined) return [];
  const { run, loss, step } = best;
  return [
    {
      title: `best eval ${lossText(loss)}`,
      tooltip: `${run.label}, at step ${step}: show its curves`,
      action: { kind: 'curvesOf', folder: run.folder },
    },
  ];
}

function lossText(loss: number): string {
  return loss >= 100 ? loss.toFixed(0) : loss.toPrecision(3);
}
