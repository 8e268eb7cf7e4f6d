import { InputError } from '../../../../src/base/errors';
import type { World } from '../../../../src/extension/features/language/checks';
import type { FolderEntry } from '../../../../src/extension/features/language/files';
import type { CompletionWorld } from '../../../../src/extension/features/language/suggest/complete';
import type { DataInfo, ModelInfo } from '../../../../src/protocol/inspector';

const module = (name: string, rows: number, columns: number): ModelInfo['modules'][number] => ({
  name,
  count: 2,
  rows,
  columns,
  paths: [`model.layers.0.self_attn.${name}`, `model.layers.1.self_attn.${name}`],
});

export const MODEL: ModelInfo = {
  architecture: 'LlamaForCausalLM',
  layers: 2,
  parameters: 135e6,
  modules: [
    module('q_proj', 64, 64),
    module('k_proj', 32, 64),
    module('v_proj', 32, 64),
    module('o_proj', 64, 64),
  ],
  vocabulary: 2048,
  positions: 1024,
  has_chat_template: true,
};

export const DATA: DataInfo = {
  columns: ['question', 'answer', 'messages'],
  rows: [{ question: 'Why?', answer: 'Because ```.', messages: '[…]' }],
  count: 1000,
  chat: ['messages'],
};

/** Folders of the files that there are, below `/work`. */
const FILES: Readonly<Record<string, readonly FolderEntry[]>> = {
  '/work': [
    { name: 'a.tune.yaml', isFolder: false },
    { name: 'data', isFolder: true },
    { name: 'models', isFolder: true },
    { name: 'tiny.gguf', isFolder: false },
  ],
  '/work/data': [
    { name: 'notes.md', isFolder: false },
    { name: 'rows.csv', isFolder: false },
    { name: 'train.jsonl', isFolder: false },
  ],
  '/work/models': [{ name: 'tiny', isFolder: true }],
  '/work/models/tiny': [{ name: 'config.json', isFolder: false }],
};

/** A small disk with a model, data, and an inspector that knows them. */
export const WORLD: World & CompletionWorld = {
  kind: (path) => {
    const cut = path.lastIndexOf('/');
    const entry = FILES[path.slice(0, cut)]?.find(({ name }) => name === path.slice(cut + 1));
    if (entry === undefined) return Promise.resolve('none');
    return Promise.resolve(entry.isFolder ? 'folder' : 'file');
  },
  list: (folder) => Promise.resolve(FILES[folder] ?? []),
  names: (folder) => Promise.resolve((FILES[folder] ?? []).map(({ name }) => name)),
  model: () => Promise.resolve({ info: MODEL }),
  data: (path) =>
    Promise.resolve(
      path.endsWith('.csv')
        ? { error: new InputError({ what: 'two columns are called a', file: path, line: 1 }) }
        : { info: DATA },
    ),
};

export const FILE = '/work/a.tune.yaml';

/** A text with `|` where the cursor is. */
export function withCursor(marked: string): { readonly text: string; readonly offset: number } {
  const offset = marked.indexOf('|');
  if (offset < 0) throw new Error('no cursor');
  return { text: marked.slice(0, offset) + marked.slice(offset + 1), offset };
}
