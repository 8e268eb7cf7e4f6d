/** The states of a run. `interrupted` is also what a reader makes of `running` whose trainer is no longer alive. */
export const RUN_STATUSES = [
  'queued',
  'running',
  'paused',
  'done',
  'failed',
  'stopped',
  'interrupted',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];
