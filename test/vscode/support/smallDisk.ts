import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk of some megabytes in memory, of which tests can take away the space and the right to write. */
export class SmallDisk {
  /** Where it is mounted. */
  readonly folder = mkdtempSync(join(tmpdir(), 'eigenloom-disk-'));
  readonly #filler = join(this.folder, 'filler');
  /** How many mounts lie over one another on its folder. */
  #mounts = 0;

  mount(megabytes: number): void {
    this.#mount('-t', 'tmpfs', '-o', `size=${megabytes}m,mode=1777`, 'eigenloom-test', this.folder);
  }

  /** Fills it to the last byte. */
  fill(): void {
    const file = openSync(this.#filler, 'w');
    try {
      for (const size of [1 << 20, 4 << 10]) fillBy(file, Buffer.alloc(size));
    } finally {
      closeSync(file);
    }
  }

  /** Takes away what it was filled with. */
  free(): void {
    rmSync(this.#filler, { force: true });
  }

  /**
   * Makes it read-only for whoever opens a file from now on. While files are open for writing no system does that to a
   * whole disk by order; so another mount of the same disk is laid over it.
   */
  freeze(): void {
    this.#mount('--bind', this.folder, this.folder);
    asRoot('mount', '-o', 'remount,bind,ro', this.folder);
  }

  /** Makes it writable again. */
  thaw(): void {
    asRoot('umount', '--lazy', this.folder);
    this.#mounts--;
  }

  /** Takes it away, with all that lies on it. */
  remove(): void {
    while (this.#mounts > 0) this.thaw();
    rmdirSync(this.folder);
  }

  #mount(...words: readonly string[]): void {
    asRoot('mount', ...words);
    this.#mounts++;
  }
}

function fillBy(file: number, piece: Buffer): void {
  try {
    for (;;) writeSync(file, piece);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown;
  }
}

/** Runs a program as root: as whoever this is, or by sudo without a password. */
function asRoot(program: string, ...words: readonly string[]): void {
  const root = process.getuid?.() === 0;
  try {
    execFileSync(root ? program : 'sudo', [...(root ? [] : ['-n', program]), ...words], { stdio: 'pipe' });
  } catch (cause) {
    throw new Error(
      'this test mounts a small disk, for which it has to be root, or sudo without a password',
      {
        cause,
      },
    );
  }
}
