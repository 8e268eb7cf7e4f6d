import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Claims } from '../../../../src/extension/features/launch/claims';
import { temporaryFolder } from '../../../support/runFolders';

describe('which window tells how a run ended', () => {
  let folder: string;
  let remove: () => void;
  beforeEach(() => {
    ({ folder, remove } = temporaryFolder('claims'));
  });
  afterEach(() => {
    remove();
  });
  const window = (othersLive: boolean): Claims => new Claims(join(folder, 'windows'), () => othersLive);

  it('is the one that launched it, and no other while that is there', async () => {
    const [ours, other] = [window(true), window(true)];
    await ours.launched('a');
    expect(await other.claim('a', false)).toBe(false);
    expect(await ours.claim('a', true)).toBe(true);
  });

  it('is one of the others where that is gone', async () => {
    await window(true).launched('a');
    const others = [window(false), window(false), window(false)];
    const claimed = await Promise.all(others.map((other) => other.claim('a', false)));
    expect(claimed.filter(Boolean)).toHaveLength(1);
  });

  it('is none where no window launched it', async () => {
    expect(await window(false).claim('a', false)).toBe(false);
  });

  it('tells again of a run that was resumed', async () => {
    const ours = window(true);
    await ours.launched('a');
    expect(await ours.claim('a', true)).toBe(true);
    expect(await ours.claim('a', true)).toBe(false);
    await ours.launched('a');
    expect(await ours.claim('a', true)).toBe(true);
  });

  it('keeps nothing for ever', async () => {
    const ours = window(true);
    await ours.tidy();
    await ours.launched('old');
    await ours.launched('new');
    utimesSync(join(folder, 'windows', 'old.json'), 0, 0);
    await ours.tidy();
    expect(readdirSync(join(folder, 'windows'))).toEqual(['new.json']);
  });
});
