import { dirname, extname, join, posix, resolve } from 'node:path';
import type { FolderEntry } from '../files';
import type { Suggestion } from './suggestion';

/** What a path of the experiment may name. */
export type PathKind = 'model' | 'data' | 'adapter';

/** The keys that hold paths, and of what. */
export const PATH_KEYS: Readonly<Record<string, PathKind>> = {
  model: 'model',
  'data.train': 'data',
  'data.eval': 'data',
  'adapter.init_from': 'adapter',
};

/** Endings of data files that are read. */
const DATA_ENDINGS = new Set(['.jsonl', '.ndjson', '.json', '.csv', '.tsv', '.txt']);

/** Looks into a folder; empty where there is none. */
export type ListFolder = (folder: string) => Promise<readonly FolderEntry[]>;

/** A written path, taken apart at its last slash: what is in the folder so far is suggested. */
interface WrittenPath {
  /** The folder as it is written, with its slash; '' for the experiment's own. */
  readonly folder: string;
  readonly absolute: string;
}

/** The folder in which a path that is being written goes on. */
function writtenPath(written: string, file: string): WrittenPath {
  const slash = written.lastIndexOf('/');
  const folder = slash < 0 ? '' : written.slice(0, slash + 1);
  return { folder, absolute: resolve(dirname(file), folder === '' ? '.' : folder) };
}

/**
 * What a folder has that a path may name: models (folders with a config.json, .gguf files), data files, adapters; and
 * folders to go on into. Paths have slashes on every system.
 */
export async function suggestPaths(
  kind: PathKind,
  written: string,
  file: string,
  list: ListFolder,
): Promise<Suggestion[]> {
  const { folder, absolute } = writtenPath(written, file);
  const found: { readonly rank: number; readonly suggestion: Suggestion }[] = [];
  for (const { name, isFolder } of await list(absolute)) {
    if (name.startsWith('.')) continue;
    const path = posix.join(folder === '' ? '.' : folder, name);
    const shown = folder.startsWith('./') ? `./${path}` : path;
    if (!isFolder) {
      const fits =
        kind === 'data'
          ? DATA_ENDINGS.has(extname(name).toLowerCase())
          : kind === 'model' && /\.gguf$/iu.test(name);
      if (fits) found.push({ rank: 0, suggestion: { label: shown, kind: 'file', insert: shown } });
      continue;
    }
    const what = kind === 'data' ? undefined : await folderKind(join(absolute, name), kind, list);
    if (what !== undefined) {
      found.push({ rank: 0, suggestion: { label: shown, kind: 'folder', detail: what, insert: shown } });
    } else if (name !== 'node_modules') {
      const deeper = `${shown}/`;
      found.push({ rank: 1, suggestion: { label: deeper, kind: 'folder', insert: deeper, next: true } });
    }
  }
  return found.sort((a, b) => a.rank - b.rank).map(({ suggestion }) => suggestion);
}

async function folderKind(
  folder: string,
  kind: Exclude<PathKind, 'data'>,
  list: ListFolder,
): Promise<string | undefined> {
  const names = new Set((await list(folder)).map(({ name }) => name));
  if (kind === 'adapter') return names.has('adapter_config.json') ? 'an adapter' : undefined;
  return names.has('config.json') && !names.has('adapter_config.json') ? 'a model' : undefined;
}
