import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { installExtension } from './support/codeServer';
import { checkTools, ROOT } from './support/places';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The packed extension; empty where the checkout stands for it. */
    vsix: string;
    /** The folder into which it is installed. */
    extensions: string;
  }
}

/**
 * Packs what is built and installs it, once for the whole ring: what is tested is what users get. To save the minute
 * while writing a test, `EIGENLOOM_UNPACKED=1` takes the checkout as it is built.
 */
export default async function setup(project: TestProject): Promise<() => void> {
  checkTools();
  const scratch = mkdtempSync(join(tmpdir(), 'eigenloom-vsix-'));
  const extensions = join(scratch, 'extensions');
  const unpacked = process.env['EIGENLOOM_UNPACKED'] !== undefined;
  const vsix = unpacked ? '' : pack(scratch);
  if (unpacked) {
    mkdirSync(extensions);
    symlinkSync(ROOT, join(extensions, 'eigenloom.eigenloom-0.0.0'));
  } else {
    await installExtension(vsix, join(scratch, 'data'), extensions);
  }
  project.provide('vsix', vsix);
  project.provide('extensions', extensions);
  return () => rmSync(scratch, { recursive: true, force: true });
}

function pack(folder: string): string {
  execFileSync('npm', ['run', '--silent', 'package', '--', '--out', folder], { cwd: ROOT, stdio: 'pipe' });
  const name = readdirSync(folder).find((file) => file.endsWith('.vsix'));
  if (name === undefined) throw new Error('`npm run package` made no VSIX');
  return join(folder, name);
}
