import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['unit/**/*.test.ts', 'trainer/**/*.test.ts'],
    testTimeout: 60_000,
    maxWorkers: 2,
    pool: 'forks',
  },
});
