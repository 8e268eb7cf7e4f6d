import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError, RunError } from '../../../../src/base/errors';
import { Facts } from '../../../../src/extension/features/language/facts';
import { Files } from '../../../../src/extension/features/language/files';
import { inTemporaryFolder } from '../../../support/modelFolder';
import { DATA, MODEL } from './world';

describe('facts', () => {
  it('are asked for once, until the file changes', async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, 'rows.jsonl');
      await fs.writeFile(file, '{}\n');
      let asked = 0;
      let now = 0;
      const facts = new Facts(
        {
          model: () => Promise.resolve(MODEL),
          data: () => {
            asked++;
            return Promise.resolve(DATA);
          },
        },
        new Files(() => now),
        () => undefined,
      );
      await Promise.all([facts.data(file, []), facts.data(file, [])]);
      expect(await facts.data(file, [])).toEqual({ info: DATA });
      expect(asked).toBe(1);
      await facts.data(file, ['a']);
      expect(asked).toBe(2);
      await fs.writeFile(file, '{"a": 1}\n');
      now += 10_000;
      await facts.data(file, []);
      expect(asked).toBe(3);
    });
  });

  it('keep what the user can mend, and ask again after a fault', async () => {
    const faults: string[] = [];
    let asked = 0;
    const wrong = new InputError({ what: 'no model' });
    const facts = new Facts(
      {
        model: () => {
          asked++;
          return Promise.reject(asked < 3 ? new RunError({ what: 'the inspector ended' }) : wrong);
        },
        data: () => Promise.resolve(DATA),
      },
      new Files(),
      ({ message }) => faults.push(message),
    );
    expect(await facts.model('/m')).toBeUndefined();
    expect(await facts.model('/m')).toBeUndefined();
    expect(await facts.model('/m')).toEqual({ error: wrong });
    expect(await facts.model('/m')).toEqual({ error: wrong });
    expect(asked).toBe(3);
    expect(faults).toEqual(['the inspector ended', 'the inspector ended']);
  });
});

describe('files', () => {
  it('are looked at without a fault, whatever is there', async () => {
    await inTemporaryFolder(async (folder) => {
      await fs.mkdir(path.join(folder, 'inner'));
      await fs.writeFile(path.join(folder, 'a.txt'), '');
      const files = new Files();
      expect(await files.list(folder)).toEqual([
        { name: 'a.txt', isFolder: false },
        { name: 'inner', isFolder: true },
      ]);
      expect(await files.kind(path.join(folder, 'a.txt'))).toBe('file');
      expect(await files.kind(path.join(folder, 'inner'))).toBe('folder');
      expect(await files.kind(path.join(folder, 'a.txt', 'b'))).toBe('none');
      expect(await files.list(path.join(folder, 'none'))).toEqual([]);
      expect(await files.stamp(path.join(folder, 'none'))).toBe('');
    });
  });
});
