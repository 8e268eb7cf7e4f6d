import type { CurvesList } from '../../../protocol/panels/curves';
import { isActive, type RunSummary } from '../../../runs/survey/summary';

/** A run that the panel lists. */
export interface ListedRun {
  readonly folder: string;
  readonly shown: boolean;
}

/** The most runs of one experiment that are listed; older ones can be added. */
const MOST = 50;

export const EMPTY_LIST: CurvesList = { pinned: false, added: [], removed: [], choices: {} };

/**
 * The runs a list comes to: those of its experiment (given the newest first), then those added. What the user has
 * shown or hidden stays so; of the others the newest is shown, and those that are at work.
 */
export function listedRuns(
  list: CurvesList,
  ofSource: readonly RunSummary[],
  exists: (folder: string) => boolean,
): ListedRun[] {
  const own = ofSource.filter(({ folder }) => !list.removed.includes(folder)).slice(0, MOST);
  const newest = own[0]?.folder;
  const listed = own.map((run) => ({
    folder: run.folder,
    shown: list.choices[run.folder] ?? (run.folder === newest || isActive(run)),
  }));
  const known = new Set(listed.map(({ folder }) => folder));
  const added = list.added.filter((folder) => !known.has(folder) && exists(folder));
  return [...listed, ...added.map((folder) => ({ folder, shown: list.choices[folder] ?? true }))];
}

/** The list of an experiment file's runs. */
export function listOfSource(source: string): CurvesList {
  return { ...EMPTY_LIST, source };
}

/** The list of chosen runs. */
export function listOfRuns(folders: readonly string[]): CurvesList {
  return { ...EMPTY_LIST, added: [...folders] };
}

/** With runs added, which are shown. */
export function addRuns(list: CurvesList, folders: readonly string[]): CurvesList {
  return {
    ...list,
    added: [...new Set([...list.added, ...folders])],
    removed: list.removed.filter((folder) => !folders.includes(folder)),
    choices: { ...list.choices, ...Object.fromEntries(folders.map((folder) => [folder, true])) },
  };
}

/** Without a run. */
export function removeRun(list: CurvesList, folder: string): CurvesList {
  const choices = Object.fromEntries(Object.entries(list.choices).filter(([name]) => name !== folder));
  return {
    ...list,
    added: list.added.filter((name) => name !== folder),
    removed: list.source === undefined ? list.removed : [...new Set([...list.removed, folder])],
    choices,
  };
}

/** With a run's curves shown or hidden. */
export function showRun(list: CurvesList, folder: string, shown: boolean): CurvesList {
  return { ...list, choices: { ...list.choices, [folder]: shown } };
}
