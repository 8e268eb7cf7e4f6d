import { defineConfig } from 'vitest/config';

/**
 * The ring in a real VS Code: code-server's workbench in Chromium, with the packed extension installed. One worker:
 * a workbench that draws without a GPU and a training run are load enough for two cores. `run.sh` installs what it needs.
 */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: [
      '*.test.ts',
      ...(process.env['EIGENLOOM_SCREENSHOTS'] === undefined ? [] : ['*.pictures.ts']),
      ...(process.env['EIGENLOOM_MEASURES'] === undefined ? [] : ['*.measures.ts']),
    ],
    globalSetup: ['./setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 600_000,
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
  },
});
