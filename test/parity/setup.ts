import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The ring's folder: models, data, adapters, experiment files, runs. */
    readonly workspace: string;
  }
}

/** Makes the ring's folder and takes it away at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'eigenloom-parity-'));
  project.provide('workspace', folder);
  return () => rm(folder, { recursive: true, force: true });
}
