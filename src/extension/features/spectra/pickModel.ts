import * as path from 'node:path';
import * as vscode from 'vscode';
import { collectModels } from '../launch/newExperiment/places';

/** Where models are looked for in the workspace. */
const MODEL_FILES = '**/{config.json,*.safetensors,*.gguf}';
const ELSEWHERE = '**/{node_modules,runs,.git}/**';

/** Asks for a model, of the workspace or from elsewhere; undefined where the user changed their mind. */
export async function pickModel(title: string, but: string | undefined): Promise<string | undefined> {
  const files = await vscode.workspace.findFiles(MODEL_FILES, ELSEWHERE);
  const models = collectModels(files.map(({ fsPath }) => fsPath)).filter((model) => model !== but);
  const items = [
    ...models.map((model) => {
      const folder = path.dirname(vscode.workspace.asRelativePath(model));
      return { label: path.basename(model), description: folder === '.' ? '' : folder, model };
    }),
    { label: '$(folder-opened) Browse for a folder…', model: 'folder' as const, elsewhere: true },
    { label: '$(file) Browse for a .gguf file…', model: 'file' as const, elsewhere: true },
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: 'Which model?',
    matchOnDescription: true,
  });
  if (picked === undefined || !('elsewhere' in picked)) return picked?.model;
  const [chosen] =
    (await vscode.window.showOpenDialog({
      title,
      openLabel: 'Compare',
      canSelectFiles: picked.model === 'file',
      canSelectFolders: picked.model === 'folder',
      ...(picked.model === 'file' ? { filters: { 'GGUF model': ['gguf'] } } : {}),
    })) ?? [];
  return chosen?.fsPath;
}
