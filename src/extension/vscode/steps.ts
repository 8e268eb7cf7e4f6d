import * as vscode from 'vscode';

/** What a step ended in: an answer was given, the one before is wanted again, or the user changed their mind. */
export type StepEnd<T> = { readonly answer: T } | 'back' | 'cancelled';

/** Where a step stands among the others. */
export interface StepPlace {
  readonly title: string;
  readonly step: number;
  readonly totalSteps: number;
}

/** Where a step leads: `again` where its answer cannot be used. */
export type StepWay = 'next' | 'again' | 'back' | 'cancelled';

/** How far each way leads. */
const FAR = { next: 1, again: 0, back: -1 } as const;

/** Does steps one after another, going back where that is wanted; false where the user changed their mind. */
export async function runSteps(steps: readonly (() => Promise<StepWay>)[]): Promise<boolean> {
  let at = 0;
  for (let step = steps[at]; step !== undefined; step = steps[at]) {
    const end = await step();
    if (end === 'cancelled') return false;
    at = Math.max(0, at + FAR[end]);
  }
  return true;
}

/** A step that offers a choice. */
export async function pickStep<I extends vscode.QuickPickItem>(
  place: StepPlace,
  placeholder: string,
  items: readonly I[],
  active?: (item: I) => boolean,
): Promise<StepEnd<I>> {
  const pick = vscode.window.createQuickPick<I>();
  pick.placeholder = placeholder;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.items = items;
  pick.activeItems = active === undefined ? [] : items.filter(active);
  return ended(pick, place, (accept) =>
    pick.onDidAccept(() => {
      const [chosen] = pick.selectedItems;
      if (chosen !== undefined) accept(chosen);
    }),
  );
}

/** A step that asks for a text. */
export async function inputStep(
  place: StepPlace,
  options: { prompt: string; value: string; problem: (text: string) => string | undefined },
): Promise<StepEnd<string>> {
  const input = vscode.window.createInputBox();
  input.prompt = options.prompt;
  input.value = options.value;
  const check = (): boolean => {
    input.validationMessage = options.problem(input.value);
    return input.validationMessage === undefined;
  };
  input.onDidChangeValue(check);
  return ended(input, place, (accept) =>
    input.onDidAccept(() => {
      if (check()) accept(input.value);
    }),
  );
}

async function ended<T>(
  box: vscode.QuickPick<vscode.QuickPickItem> | vscode.InputBox,
  { title, step, totalSteps }: StepPlace,
  onAccept: (accept: (answer: T) => void) => vscode.Disposable,
): Promise<StepEnd<T>> {
  box.title = title;
  box.step = step;
  box.totalSteps = totalSteps;
  box.ignoreFocusOut = true;
  box.buttons = step > 1 ? [vscode.QuickInputButtons.Back] : [];
  const end = await new Promise<StepEnd<T>>((resolve) => {
    onAccept((answer) => resolve({ answer }));
    box.onDidTriggerButton(() => resolve('back'));
    box.onDidHide(() => resolve('cancelled'));
    box.show();
  });
  box.dispose();
  return end;
}
