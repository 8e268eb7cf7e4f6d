import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { DecoderConfig } from '../../engine/models/config';
import { openPretrained, type OpenedModel } from '../training/model';

/** Models that are kept open: the one at work, and one to compare it with. */
const KEPT = 2;

interface Kept {
  readonly path: string;
  readonly stamp: string;
  readonly model: OpenedModel;
}

/** Opened models by path, as long as none of their files changes: reading a large vocabulary takes most of a second. */
export class OpenedModels {
  #kept: readonly Kept[] = [];

  /**
   * Opens a model as a run does, without its weights. `check` is asked with the config, as `LoadOptions.check`. Throws
   * what `openPretrained` does.
   */
  async open(model: string, check?: (config: DecoderConfig, path: string) => void): Promise<OpenedModel> {
    const stamp = await stampOf(model);
    const known = this.#kept.find((kept) => kept.path === model && kept.stamp === stamp);
    const opened = known?.model ?? (await openPretrained(model, { check }));
    if (known !== undefined) check?.(opened.config, opened.source.path);
    this.#kept = [
      { path: model, stamp, model: opened },
      ...this.#kept.filter((kept) => kept.path !== model),
    ].slice(0, KEPT);
    return opened;
  }
}

/** Sizes and times of change of a model's files, those of a folder or the file itself; '' where there are none. */
export async function stampOf(...files: readonly string[]): Promise<string> {
  const stamps = await Promise.all(
    files.map(async (file) => {
      const names = await fs.readdir(file).catch(() => undefined);
      if (names === undefined) return stampOfFile(file);
      return (await Promise.all(names.sort().map((name) => stampOfFile(path.join(file, name))))).join();
    }),
  );
  return stamps.join(';');
}

/** A file that is not there has an empty stamp: who opens it says so. */
async function stampOfFile(file: string): Promise<string> {
  const stat = await fs.stat(file).catch(() => undefined);
  return stat === undefined ? '' : `${path.basename(file)}:${stat.size}:${stat.mtimeMs}`;
}
