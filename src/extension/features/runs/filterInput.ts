import * as vscode from 'vscode';
import { parseQuery } from './query/parse';
import type { ViewState } from './viewState';

const PLACEHOLDER = 'e.g.  method:lamda loss<2.1 -tag:old age<2d';

const HELP =
  'Words of a name, or of a field: method: status: tag: model: device: experiment: note: — or figures: ' +
  'loss< eval< rank>= steps> trainable< age<2d duration>1h — or: starred. “-” before any of these leaves it out.';

/** How long (ms) the rows wait for the next key. */
const PREVIEW_AFTER = 120;

/** Lets the user change the filter; the rows follow while they type, and are as before where they change their mind. */
export async function editFilter(state: ViewState): Promise<void> {
  const before = state.options.filter;
  const input = vscode.window.createInputBox();
  input.title = 'Filter Runs';
  input.value = before;
  input.placeholder = PLACEHOLDER;
  input.prompt = HELP;
  let timer: NodeJS.Timeout | undefined;
  const check = (): boolean => {
    input.validationMessage = problemOf(input.value);
    return input.validationMessage === undefined;
  };
  const accepted = await new Promise<boolean>((resolve) => {
    input.onDidChangeValue(() => {
      clearTimeout(timer);
      if (check()) timer = setTimeout(() => state.preview(input.value.trim()), PREVIEW_AFTER);
    });
    input.onDidAccept(() => {
      if (!check()) return;
      resolve(true);
      input.hide();
    });
    input.onDidHide(() => resolve(false));
    input.show();
  });
  clearTimeout(timer);
  await state.set({ filter: accepted ? input.value.trim() : before });
  input.dispose();
}

/** What is wrong with a query, and where; undefined where nothing is. */
function problemOf(query: string): string | undefined {
  const parsed = parseQuery(query);
  if (!('problem' in parsed)) return undefined;
  const { message, start, end } = parsed.problem;
  return `At character ${start + 1}, ${query.slice(start, end)}: ${message}`;
}
