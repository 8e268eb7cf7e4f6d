import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { queueCopy, queueRun } from '../../../src/launch/newRun';
import { decodeRunRecord } from '../../../src/protocol/run/decode';
import { readRun } from '../../../src/runs/store';
import { temporaryFolder } from '../../support/runFolders';

describe('a run made again', () => {
  let folder: string;
  let remove: () => void;
  let file: string;
  beforeEach(() => {
    ({ folder, remove } = temporaryFolder('new-run'));
    file = join(folder, 'try.tune.yaml');
    mkdirSync(join(folder, 'model'));
    writeFileSync(join(folder, 'rows.jsonl'), '{"text":"x"}\n');
    writeFileSync(file, experiment(8));
  });
  afterEach(() => {
    remove();
  });
  const experiment = (rank: number): string =>
    `model: model\ndata: { train: rows.jsonl, text: "{text}" }\nadapter: { rank: ${rank} }\n`;

  it('is of what the first was made of, whatever its file says by now', async () => {
    const first = await queueRun(file, ['training.max_steps=7'], join(folder, 'runs'));
    const made = readRun(first.paths.folder, decodeRunRecord).record;
    const bytes = readFileSync(first.paths.config);
    writeFileSync(file, experiment(4));
    const second = await queueCopy(first.paths.folder, join(folder, 'runs'));
    const again = readRun(second.paths.folder, decodeRunRecord).record;
    expect(again.id).not.toBe(made.id);
    expect(again.config).toEqual(made.config);
    expect(again.source).toEqual({ file, overrides: ['training.max_steps=7'] });
    expect(again.facts?.hashes).toEqual(made.facts?.hashes);
    expect(readFileSync(second.paths.config)).toEqual(bytes);
    rmSync(file);
    await expect(queueCopy(first.paths.folder, join(folder, 'runs'))).resolves.toBeDefined();
  });

  it('is not made where what it reads is gone', async () => {
    const first = await queueRun(file, [], join(folder, 'runs'));
    rmSync(join(folder, 'rows.jsonl'));
    await expect(queueCopy(first.paths.folder, join(folder, 'runs'))).rejects.toThrow(/no such file/u);
  });
});
