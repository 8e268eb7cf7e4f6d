import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { isRecord } from '../../../base/guards';
import { errorCode } from '../../../runs/files';
import { isAlive, thisProcess } from '../../../runs/process';

/** How long (ms) the files about a run that has ended are kept. */
const KEEP = 7 * 24 * 3_600_000;

/**
 * Settles between windows which of them tells how a run ended: the one that launched it, or where that is gone the
 * first that claims it. The windows share a folder of the extension's storage; none knows of the others.
 */
export class Claims {
  constructor(
    private readonly folder: string,
    /** Whether the window with a stored identity is still there. */
    private readonly lives: typeof isAlive = isAlive,
  ) {}

  /** This window has launched a run. */
  async launched(id: string): Promise<void> {
    await fs.mkdir(this.folder, { recursive: true });
    await fs.rm(this.told(id), { force: true });
    await fs.writeFile(this.window(id), JSON.stringify(thisProcess()));
  }

  /**
   * True where this window is the one to tell. A run that no window launched is told of by whoever launched it: the
   * command line. `ours`: this window launched it.
   */
  async claim(id: string, ours: boolean): Promise<boolean> {
    if (!ours) {
      const launcher = await this.launcher(id);
      if (launcher === undefined || this.lives(launcher)) return false;
    }
    try {
      await fs.writeFile(this.told(id), '', { flag: 'wx' });
      return true;
    } catch (thrown) {
      if (errorCode(thrown) === 'EEXIST') return false;
      throw thrown;
    }
  }

  /** Removes what is about runs that ended long ago. */
  async tidy(now: number = Date.now()): Promise<void> {
    for (const name of await namesIn(this.folder)) {
      const file = path.join(this.folder, name);
      const { mtimeMs } = await fs.stat(file);
      if (now - mtimeMs > KEEP) await fs.rm(file, { force: true });
    }
  }

  private async launcher(id: string): Promise<{ pid: number; started: string | null } | undefined> {
    try {
      const value: unknown = JSON.parse(await fs.readFile(this.window(id), 'utf8'));
      if (!isRecord(value) || typeof value.pid !== 'number') return undefined;
      return { pid: value.pid, started: typeof value.started === 'string' ? value.started : null };
    } catch {
      // Not launched by a window, or half-written by one that died in between: then nobody is told.
      return undefined;
    }
  }

  private window(id: string): string {
    return path.join(this.folder, `${id}.json`);
  }

  private told(id: string): string {
    return path.join(this.folder, `${id}.told`);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await fs.readdir(folder);
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return [];
    throw thrown;
  }
}
