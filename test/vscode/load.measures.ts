import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { makeRun, runId, trainLine } from '../support/runFolders';
import { extensionHostsOf } from './support/processes';
import { makeSampleWorkspace } from './support/sampleWorkspace';
import type { Session } from './support/session';
import { useSession } from './support/useSession';

const RUNS = Number(process.env['EIGENLOOM_MEASURES'] ?? 10_000);

/** What an extension host holds while many runs are listed: its peak and what it is, in MB of resident memory. */
describe(`the extension host with ${RUNS} runs`, () => {
  const session = useSession();

  it('is measured without a run, in a new VS Code', () => measure(session()));

  it('is measured without a run', async () => {
    await session().workbench.reload();
    await measure(session());
  });

  it('is measured when it reads them for the first time', async () => {
    const folder = join(session().scratch, 'many');
    mkdirSync(folder);
    makeRuns(join(folder, 'sample'));
    await session().workbench.open({ folder: join(folder, 'sample') });
    await measure(session());
  });

  it('is measured when it knows them from before', async () => {
    await session().workbench.reload();
    await measure(session());
  });
});

/** A VS Code that starts for the first time takes some 30 MB more in that window than ever again. */
describe(`the first extension host of a new VS Code with ${RUNS} runs`, () => {
  const session = useSession({ prepare: makeRuns }, 120_000);

  it('is measured when it reads them for the first time', () => measure(session()));
});

function makeRuns(folder: string): void {
  makeSampleWorkspace(folder);
  for (let i = 0; i < RUNS; i++) {
    makeRun(
      join(folder, 'runs'),
      runId(i, `experiment-${i % 20}`),
      { name: `experiment-${i % 20}` },
      Array.from({ length: 20 }, (_, step) => trainLine(step + 1, 3 - step / 30)),
    );
  }
}

async function measure({ id, workbench }: Session): Promise<void> {
  await workbench.showRuns();
  for (const [when, seconds] of [
    ['as the runs are shown', 0],
    ['five seconds later', 5],
    ['half a minute later', 25],
  ] as const) {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    // The host of the window before may take its time to end: the youngest is meant.
    const host = extensionHostsOf(id).sort((a, b) => b.pid - a.pid)[0];
    console.log(host === undefined ? 'there is no extension host' : `${when}: ${memoryOf(host.pid)}`);
  }
}

function memoryOf(pid: number): string {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (key: string): number =>
    Math.round((Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'mu').exec(status)?.[1]) * 1024) / 1e6);
  return `peak ${read('VmHWM')} MB, now ${read('VmRSS')} MB`;
}
