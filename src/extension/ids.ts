/**
 * Every id that the manifest and the code share. `test/unit/extension/manifest.test.ts` compares them with package.json
 * both ways.
 */

/** Commands, by what they do. */
export const COMMANDS = {
  newExperiment: 'eigenloom.newExperiment',
  run: 'eigenloom.run',
  runWithChanges: 'eigenloom.runWithChanges',
  resumeLast: 'eigenloom.resumeLast',
  stop: 'eigenloom.stop',
  resume: 'eigenloom.resume',
  runAgain: 'eigenloom.runAgain',
  deleteRuns: 'eigenloom.deleteRuns',
  exportRun: 'eigenloom.exportRun',
  openRunFolder: 'eigenloom.openRunFolder',
  openRunLog: 'eigenloom.openRunLog',
  openRunConfig: 'eigenloom.openRunConfig',
  copyRunPath: 'eigenloom.copyRunPath',
  renameRun: 'eigenloom.renameRun',
  starRun: 'eigenloom.starRun',
  unstarRun: 'eigenloom.unstarRun',
  tagRun: 'eigenloom.tagRun',
  noteRun: 'eigenloom.noteRun',
  filterRuns: 'eigenloom.filterRuns',
  clearRunFilter: 'eigenloom.clearRunFilter',
  groupRuns: 'eigenloom.groupRuns',
  sortRuns: 'eigenloom.sortRuns',
  refreshRuns: 'eigenloom.refreshRuns',
  showMoreRuns: 'eigenloom.showMoreRuns',
  showCurves: 'eigenloom.showCurves',
  addToCurves: 'eigenloom.addToCurves',
  previewTokens: 'eigenloom.previewTokens',
  showSpectra: 'eigenloom.showSpectra',
  showRanks: 'eigenloom.showRanks',
  refreshSetup: 'eigenloom.refreshSetup',
  clearCache: 'eigenloom.clearCache',
  openGpuHelp: 'eigenloom.openGpuHelp',
  openSample: 'eigenloom.openSample',
  openWalkthrough: 'eigenloom.openWalkthrough',
  showLog: 'eigenloom.showLog',
} as const;

/** Views in the side bar. */
export const VIEWS = {
  runs: 'eigenloom.runs',
  setup: 'eigenloom.setup',
} as const;

/** Types of webview panels, under which VS Code restores them. */
export const PANELS = {
  curves: 'eigenloom.curves',
  tokens: 'eigenloom.tokens',
  spectra: 'eigenloom.spectra',
  ranks: 'eigenloom.ranks',
} as const;

/** Settings, below `eigenloom`. */
export const SETTINGS = {
  runsFolder: 'runsFolder',
  showCurvesOnRun: 'showCurvesOnRun',
  notifications: 'notifications',
  codeLens: 'codeLens',
  inlineSpectra: 'inlineSpectra',
  cacheFolder: 'cacheFolder',
} as const;

/** The settings' section. */
export const SECTION = 'eigenloom';

/** Keys that `when` clauses ask for. */
export const CONTEXTS = {
  hasRuns: 'eigenloom.hasRuns',
  filtered: 'eigenloom.filtered',
  running: 'eigenloom.running',
} as const;

/** The files that are experiments. */
export const EXPERIMENT_GLOB = '**/*.tune.{yaml,yml}';
