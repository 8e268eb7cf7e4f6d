import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';

/** Root's rights go over a folder's, so that for root the folder is mounted upon itself, for reading alone. */
const BY_MOUNT = process.getuid?.() === 0;

/** Makes a folder one that nothing can be written to. Throws where this machine does not let us. */
export function makeReadOnly(folder: string): void {
  if (!BY_MOUNT) {
    chmodSync(folder, 0o555);
    return;
  }
  execFileSync('mount', ['--bind', folder, folder], { stdio: 'pipe' });
  execFileSync('mount', ['-o', 'remount,ro,bind', folder], { stdio: 'pipe' });
}

/** Takes that back. */
export function makeWritable(folder: string): void {
  if (BY_MOUNT) execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' });
  else chmodSync(folder, 0o755);
}
