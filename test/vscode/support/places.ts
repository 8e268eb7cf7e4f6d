import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '..', '..', '..');

const TOOLS = join(ROOT, 'test', 'vscode', 'node_modules');

/** The Node that VS Code's server needs. */
export const NODE = join(TOOLS, 'node24', 'bin', 'node');

/** VS Code as a server. */
export const CODE_SERVER = join(TOOLS, 'code-server', 'out', 'node', 'entry.js');

/** The browser: that of Debian's package, or another that is named. */
export const CHROMIUM = process.env['EIGENLOOM_CHROMIUM'] ?? '/usr/bin/chromium';

export const AXE = join(TOOLS, 'axe-core', 'axe.min.js');

/** Where pictures go, where they are wanted. */
export const PICTURES = process.env['EIGENLOOM_SCREENSHOTS'];

/** Throws where something that the ring needs is not installed. */
export function checkTools(): void {
  for (const file of [NODE, CODE_SERVER, CHROMIUM, AXE]) {
    if (!existsSync(file)) throw new Error(`${file} is not there: start the ring by test/vscode/run.sh`);
  }
}
