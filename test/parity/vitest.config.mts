import { defineConfig } from 'vitest/config';

/**
 * The ring against PyTorch, Transformers and PEFT. One worker and one module graph for all files: they share the
 * Python process (its imports cost more than any case) and each other's runs.
 */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.parity.test.ts'],
    globalSetup: ['./setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    isolate: false,
    pool: 'forks',
  },
});
