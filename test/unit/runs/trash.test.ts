import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { thisProcess } from '../../../src/runs/process';
import { isTrashed, purgeTrash, restoreRun, trashRun } from '../../../src/runs/trash';
import { makeRun, runId, temporaryFolder } from '../../support/runFolders';

const DAY = 86_400_000;

describe('the trash beside the runs', () => {
  let root: string;
  let remove: () => void;
  beforeEach(() => {
    ({ folder: root, remove } = temporaryFolder('trash'));
  });
  afterEach(() => {
    remove();
  });

  it('takes a run whole, and gives it back whole', async () => {
    const folder = makeRun(root, runId(1));
    const trashed = await trashRun(folder);
    expect(existsSync(folder)).toBe(false);
    expect(basename(trashed.to)).toContain(runId(1));
    await restoreRun(trashed);
    expect(readdirSync(folder)).toEqual(['run.json']);
  });

  it('holds two runs of one name', async () => {
    const folder = makeRun(root, runId(1));
    await trashRun(folder, new Date(1000));
    makeRun(root, runId(1));
    await trashRun(folder, new Date(2000));
    expect(readdirSync(join(root, '.trash'))).toHaveLength(2);
  });

  it('puts nothing in the place of another run', async () => {
    const folder = makeRun(root, runId(1));
    const trashed = await trashRun(folder);
    makeRun(root, runId(1));
    await expect(restoreRun(trashed)).rejects.toThrow(/folder of its name again/u);
    expect(existsSync(trashed.to)).toBe(true);
  });

  it('knows which runs lie in it', async () => {
    const folder = makeRun(root, runId(1));
    expect(await isTrashed(folder)).toBe(false);
    const trashed = await trashRun(folder);
    expect(await isTrashed(folder)).toBe(true);
    expect(await isTrashed(join(root, runId(2)))).toBe(false);
    await restoreRun(trashed);
    expect(await isTrashed(folder)).toBe(false);
  });

  it('takes no run that a trainer is at work on', async () => {
    const folder = makeRun(root, runId(1));
    writeFileSync(join(folder, 'lock'), JSON.stringify(thisProcess()));
    await expect(trashRun(folder)).rejects.toThrow(/at work on this run/u);
    expect(existsSync(folder)).toBe(true);
  });

  it('is emptied of what is older than a day, and of nothing else', async () => {
    const now = new Date(10 * DAY);
    await trashRun(makeRun(root, runId(1)), new Date(8 * DAY));
    await trashRun(makeRun(root, runId(2)), new Date(9.5 * DAY));
    mkdirSync(join(root, '.trash', 'something else'));
    expect(await purgeTrash(root, DAY, now)).toBe(1);
    expect(readdirSync(join(root, '.trash'))).toHaveLength(2);
    // A clock that was set back makes nothing old.
    expect(await purgeTrash(root, DAY, new Date(0))).toBe(0);
  });

  it('goes when it is empty, and need not be there', async () => {
    await trashRun(makeRun(root, runId(1)), new Date(0));
    expect(await purgeTrash(root, DAY, new Date(10 * DAY))).toBe(1);
    expect(existsSync(join(root, '.trash'))).toBe(false);
    expect(await purgeTrash(root, DAY)).toBe(0);
  });
});
