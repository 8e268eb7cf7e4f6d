import { isActive, isResumable, type RunSummary } from '../../../runs/survey/summary';

/** An icon of VS Code's by name, and the theme colour it has. */
export interface StatusIcon {
  readonly icon: string;
  readonly color: string | undefined;
}

/** The icon of a run by how it stands. */
export function statusIcon(status: RunSummary['status']): StatusIcon {
  switch (status) {
    case 'running':
      return { icon: 'loading~spin', color: 'charts.blue' };
    case 'queued':
      return { icon: 'clock', color: 'charts.blue' };
    case 'paused':
      return { icon: 'debug-pause', color: 'charts.blue' };
    case 'done':
      return { icon: 'pass', color: 'testing.iconPassed' };
    case 'failed':
      return { icon: 'error', color: 'testing.iconFailed' };
    case 'stopped':
      return { icon: 'circle-slash', color: 'descriptionForeground' };
    case 'interrupted':
      return { icon: 'warning', color: 'list.warningForeground' };
    case undefined:
      return { icon: 'circle-outline', color: 'descriptionForeground' };
  }
}

/** What the menus of `package.json` ask of a run's row: a word for each thing that can be done to it. */
export function contextValue(run: RunSummary): string {
  return [
    'run',
    ...(isActive(run) ? ['active'] : []),
    ...(isResumable(run) ? ['resumable'] : []),
    ...(isExportable(run) ? ['exportable'] : []),
    run.starred ? 'starred' : 'unstarred',
  ].join(' ');
}

/** True for a run that has a result, or has come far enough that a checkpoint may be there. */
export function isExportable(run: Pick<RunSummary, 'status' | 'step'>): boolean {
  return run.status === 'done' || (isResumable(run) && run.step > 0);
}
