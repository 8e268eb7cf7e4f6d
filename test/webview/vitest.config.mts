import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * The ring in a browser: the built pages of the panels in Chromium, under the policy that VS Code shows them with, fed
 * by the code that feeds them in the extension. `run.sh` installs what it needs; Chromium is the system's own.
 */
export default defineConfig({
  resolve: { alias: { vscode: join(import.meta.dirname, 'support', 'vscode.ts') } },
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A busy machine takes its time to draw.
    expect: { poll: { timeout: 20_000 } },
    fileParallelism: false,
    pool: 'forks',
  },
});
