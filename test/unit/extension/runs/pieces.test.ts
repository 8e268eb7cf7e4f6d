import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { groupBySource, sourceKey } from '../../../../src/extension/features/runs/bySource';
import { collectRecord } from '../../../../src/runs/survey/collect';
import { collectRoots } from '../../../../src/extension/features/runs/collectRoots';
import { exportName, exportProgress } from '../../../../src/extension/features/runs/exportNames';
import { inParallel } from '../../../../src/runs/survey/pool';
import { readLevels } from '../../../../src/runs/survey/spark';
import { digestMetrics } from '../../../../src/runs/survey/runFiles';
import {
  acceptedTags,
  collectTags,
  decodeNewTag,
  retagged,
} from '../../../../src/extension/features/runs/tags';
import { createdBy, nameBy, runPaths } from '../../../../src/runs/folder';
import { recordOf, runId, summaryOf, temporaryFolder, trainLine } from '../../../support/runFolders';

describe('the folders that runs are looked for in', () => {
  it('are those of the settings and those beside experiments, each once; a copy in a run is no experiment', () => {
    const at = (...parts: string[]): string => join('/', 'w', ...parts);
    expect(
      collectRoots(
        [at('runs')],
        [at('a.tune.yaml'), at('sub', 'b.tune.yml'), at('runs', runId(1), 'config.tune.yaml')],
      ),
    ).toEqual([at('runs'), at('sub', 'runs')]);
  });
});

describe('the runs of an experiment', () => {
  it('are found by its path, on Windows in whatever case', () => {
    expect(groupBySource([summaryOf(), summaryOf({ source: '' })]).size).toBe(1);
    expect(sourceKey('C:/Work/A.tune.yaml', 'win32')).toBe(sourceKey('c:\\work\\a.tune.yaml', 'win32'));
    expect(sourceKey('/A', 'linux')).not.toBe(sourceKey('/a', 'linux'));
  });
});

describe('what is taken of a record', () => {
  it('names a model by the last part of its path that says something', () => {
    const model = (path: string): string =>
      collectRecord(recordOf(runId(1), { config: { model: path } })).model;
    expect(model('/m/SmolLM2-135M/')).toBe('SmolLM2-135M');
    expect(model('C:\\sample\\model')).toBe('sample/model');
  });

  it('makes do with a config that says nothing', () => {
    expect(collectRecord(recordOf(runId(1), { config: null, created: 'never' }))).toMatchObject({
      method: '',
      rank: undefined,
      created: undefined,
      totalSteps: undefined,
    });
  });

  it('reads the id of a run made in a leap second of nobody’s, and none of what is no id', () => {
    expect([nameBy(runId(1)), createdBy(runId(1))]).toEqual(['try', Date.UTC(2026, 10, 24, 18, 1)]);
    expect([nameBy('runs'), createdBy('runs')]).toEqual(['runs', 0]);
  });
});

describe('long metrics', () => {
  it('are sampled: their course and their end are right', async () => {
    const { folder, remove } = temporaryFolder('digest');
    try {
      const lines = Array.from({ length: 20_000 }, (_, i) => trainLine(i + 1, 20_000 - i));
      writeFileSync(join(folder, 'metrics.jsonl'), `${lines.join('\n')}\n`);
      const digest = await digestMetrics(runPaths(folder));
      expect(digest.lines).toBeLessThan(200);
      expect([digest.step, digest.loss]).toEqual([20_000, 1]);
      const levels = readLevels(digest.spark);
      expect(levels.length).toBeGreaterThan(10);
      expect(levels.toSorted((a, b) => b - a)).toEqual(levels);
    } finally {
      remove();
    }
  });
});

describe('tags', () => {
  it('are known by how often they are used', () => {
    expect(collectTags([{ tags: ['b'] }, { tags: ['a', 'c'] }, { tags: ['c'] }])).toEqual(['c', 'a', 'b']);
  });

  it('are made of what is typed', () => {
    expect(decodeNewTag(' #paper ', [])).toBe('paper');
    expect(decodeNewTag('paper', ['paper'])).toBeUndefined();
    expect(decodeNewTag(' # ', [])).toBeUndefined();
    // Enter after a new name makes it; after a part of a known one it only keeps what is ticked.
    expect(acceptedTags([], 'paper', ['old'])).toEqual(['paper']);
    expect(acceptedTags(['old'], 'ol', ['old'])).toEqual(['old']);
    expect(acceptedTags(['paper'], 'paper', [])).toEqual(['paper']);
  });

  it('change only where they were touched', () => {
    expect(retagged(['x', 'a'], { add: ['b', 'x'], remove: ['a'] })).toEqual(['x', 'b']);
  });
});

describe('an export', () => {
  it('is named as every file system takes it', () => {
    expect(exportName({ label: 'Größe: 2/3', id: 'i' }, 'peft')).toBe('gro-e-2-3-peft');
    expect(exportName({ label: '…', id: 'i' }, 'merged')).toBe('i-merged');
  });

  it('tells how far it is', () => {
    expect(exportProgress('merging: 40 %')).toEqual({ message: 'merging: 40 %', percent: 40 });
    expect(exportProgress('reading')).toEqual({ message: 'reading', percent: 0 });
  });
});

describe('tasks side by side', () => {
  it('are all done, no more at once than asked, and what one throws is told after those begun', async () => {
    let now = 0;
    let most = 0;
    const done: number[] = [];
    const task = async (n: number): Promise<void> => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, n % 3));
      now--;
      if (n === 50) throw new Error('fifty');
      done.push(n);
    };
    await inParallel(
      Array.from({ length: 40 }, (_, n) => n),
      4,
      task,
    );
    expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(most).toBe(4);
    await expect(inParallel([50, 51, 52, 53, 54, 55, 56, 57], 2, task)).rejects.toThrow('fifty');
    expect(now).toBe(0);
    expect(done).not.toContain(57);
  });
});
