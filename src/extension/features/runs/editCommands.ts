import * as vscode from 'vscode';
import { changeUserNotes, type UserNotes } from '../../../runs/user';
import { COMMANDS } from '../../ids';
import type { Services } from '../../services';
import { acceptedTags, collectTags, decodeNewTag, retagged } from './tags';
import type { RunSummary } from '../../../runs/survey/summary';
import type { RunTargets } from './targets';

const NONE = 'there is no run here yet';

/** Registers what adds to runs: names, stars, tags and notes. */
export function addEditCommands({ commands, runs }: Services, targets: RunTargets): void {
  const change = async (
    chosen: readonly RunSummary[],
    make: (run: RunSummary) => Partial<UserNotes>,
  ): Promise<void> => {
    for (const run of chosen) {
      changeUserNotes(run.folder, make(run));
      await runs.look(run.folder);
    }
  };
  commands.add(COMMANDS.renameRun, async (...args) => {
    const run = await targets.one(args, { title: 'Rename Run', none: NONE });
    if (run === undefined) return;
    const name = await vscode.window.showInputBox({
      title: 'Rename Run',
      value: run.label,
      prompt: `Its name here; its folder stays ${run.id}. Empty: the experiment’s name, ${run.experiment}.`,
      validateInput: (text) => (text.length > 200 ? 'At most 200 characters.' : undefined),
    });
    if (name !== undefined) await change([run], () => ({ name: nameOf(name, run) }));
  });
  for (const [command, star] of [
    [COMMANDS.starRun, true],
    [COMMANDS.unstarRun, false],
  ] as const) {
    commands.add(command, async (...args) => {
      const title = star ? 'Star Runs' : 'Remove Stars from Runs';
      const none = star ? 'there is no run without a star' : 'there is no run with a star';
      const chosen = await targets.many(args, { title, none, fits: (run) => run.starred !== star });
      await change(chosen, () => ({ star }));
    });
  }
  commands.add(COMMANDS.noteRun, async (...args) => {
    const run = await targets.one(args, { title: 'Edit Note of Run', none: NONE });
    if (run === undefined) return;
    const note = await vscode.window.showInputBox({
      title: `Note of ${run.label}`,
      value: run.note,
      placeHolder: 'What is worth remembering about this run',
    });
    if (note !== undefined) await change([run], () => ({ note: note.trim() }));
  });
  commands.add(COMMANDS.tagRun, async (...args) => {
    const chosen = await targets.many(args, { title: 'Tag Runs', none: NONE });
    if (chosen.length === 0) return;
    const tags = await pickTags(collectTags(runs.runs), chosen);
    if (tags !== undefined) await change(chosen, (run) => ({ tags: retagged(run.tags, tags) }));
  });
}

/** The name to keep; undefined where it is what the run is called anyway. */
function nameOf(text: string, run: RunSummary): string | undefined {
  const name = text.trim();
  return name === '' || name === run.experiment ? undefined : name;
}

/** Which tags the runs are to have and not to have; undefined where the user changed their mind. */
async function pickTags(
  known: readonly string[],
  chosen: readonly RunSummary[],
): Promise<{ add: string[]; remove: string[] } | undefined> {
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { tag: string }>();
  pick.title = chosen.length === 1 ? `Tags of ${chosen[0]?.label ?? ''}` : `Tags of ${chosen.length} runs`;
  pick.placeholder = 'Choose tags, or type a new one';
  pick.canSelectMany = true;
  const item = (tag: string) => ({ label: tag, tag });
  const everyHas = (tag: string): boolean => chosen.every((run) => run.tags.includes(tag));
  const all = known.map(item);
  pick.items = all;
  pick.selectedItems = all.filter(({ tag }) => everyHas(tag));
  pick.onDidChangeValue((text) => {
    const fresh = decodeNewTag(text, known);
    const selected = pick.selectedItems;
    const made = selected.filter(({ tag }) => !known.includes(tag));
    const offered = fresh === undefined ? [] : [{ ...item(fresh), description: 'new tag' }];
    pick.items = [...offered, ...made.filter(({ tag }) => tag !== fresh), ...all];
    pick.selectedItems = pick.items.filter(({ tag }) => selected.some((one) => one.tag === tag));
  });
  const result = await new Promise<string[] | undefined>((resolve) => {
    pick.onDidAccept(() => {
      const ticked = pick.selectedItems.map(({ tag }) => tag);
      resolve(acceptedTags(ticked, pick.value, known));
      pick.hide();
    });
    pick.onDidHide(() => resolve(undefined));
    pick.show();
  });
  pick.dispose();
  if (result === undefined) return undefined;
  return { add: result, remove: known.filter((tag) => everyHas(tag) && !result.includes(tag)) };
}
