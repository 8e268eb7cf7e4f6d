import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RunError } from '../../../src/base/errors';
import { listCheckpoints, saveCheckpoint } from '../../../src/runs/checkpoints';
import {
  makeFolder,
  reasonOf,
  removeTemporary,
  writeFailure,
  writeFileAtomic,
  writeFolderAtomic,
} from '../../../src/runs/files';
import { filterLines, LineAppender, LineTail } from '../../../src/runs/lines';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eigenloom-runs-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a folder', () => {
  it('is made with those above it, also where it is there already', () => {
    const deep = join(folder, 'a', 'b', 'c');
    makeFolder(deep);
    makeFolder(deep);
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['c']);
  });

  it('is not made where a file stands in its way, and says why', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => makeFolder(file)).toThrow(/EEXIST/u);
  });

  it('is refused in words', () => {
    const refusal = (code: string): Error => Object.assign(new Error(`${code}: mkdir`), { code });
    expect(['EROFS', 'EACCES', 'EIO'].map((code) => reasonOf(refusal(code)))).toEqual([
      'the disk is read-only',
      'permission is denied',
      'EIO: mkdir',
    ]);
  });
});

describe('atomic writes', () => {
  it('replace a file, and leave nothing beside it', () => {
    const file = join(folder, 'a.json');
    writeFileAtomic(file, 'one');
    writeFileAtomic(file, 'two');
    expect(readFileSync(file, 'utf8')).toBe('two');
    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  it('keep the old content where the new cannot be written', () => {
    const file = join(folder, 'a');
    mkdirSync(file);
    writeFileSync(join(file, 'inside'), 'x');
    expect(() => writeFileAtomic(file, 'two')).toThrow(RunError);
    expect(readdirSync(folder)).toEqual(['a']);
    expect(() => writeFileAtomic(join(folder, 'none', 'b'), 'x')).toThrow('cannot be written');
  });

  it('make a folder whole, replace it whole, or leave the old one', async () => {
    const target = join(folder, 'adapter');
    await writeFolderAtomic(target, (at) => writeFileSync(join(at, 'a'), '1'));
    await writeFolderAtomic(target, (at) => {
      mkdirSync(join(at, 'deep'));
      writeFileSync(join(at, 'deep', 'b'), '2');
    });
    expect(readdirSync(target)).toEqual(['deep']);
    const failing = writeFolderAtomic(target, (at) => {
      writeFileSync(join(at, 'c'), '3');
      throw new RangeError('no');
    });
    await expect(failing).rejects.toThrow(RangeError);
    expect(readdirSync(target)).toEqual(['deep']);
    expect(readdirSync(folder)).toEqual(['adapter']);
  });

  it('bring back nothing of a folder that was removed', async () => {
    const gone = join(folder, 'gone');
    await expect(writeFolderAtomic(join(gone, 'adapter'), () => undefined)).rejects.toThrow(RunError);
    await expect(saveCheckpoint(join(gone, 'checkpoints'), 1, 1, () => undefined)).rejects.toThrow(RunError);
    expect(existsSync(gone)).toBe(false);
  });

  it('say in words of their own that a disk is read-only', () => {
    const refused = Object.assign(new Error('EROFS: read-only file system, open'), { code: 'EROFS' });
    expect(writeFailure(refused, '/runs/a').message).toBe(
      '/runs/a: this cannot be written: the disk is read-only. Make it writable again, then resume the run: its last checkpoint is whole.',
    );
  });

  it('leave remains that the next writer removes', () => {
    mkdirSync(join(folder, '.step-3.abcd.tmp'));
    writeFileSync(join(folder, '.run.json.abcd.tmp'), '');
    writeFileSync(join(folder, '.kept'), '');
    removeTemporary(folder);
    expect(readdirSync(folder)).toEqual(['.kept']);
  });
});

describe('checkpoints', () => {
  it('are listed by step, the latest first, and kept as many as asked', async () => {
    for (const step of [5, 10, 9]) {
      await saveCheckpoint(folder, step, 2, (at) => writeFileSync(join(at, 'x'), String(step)));
    }
    mkdirSync(join(folder, 'step-x'));
    mkdirSync(join(folder, '.step-99.0000.tmp'));
    expect(listCheckpoints(folder).map(({ step }) => step)).toEqual([10, 9]);
    expect(listCheckpoints(join(folder, 'none'))).toEqual([]);
  });

  it('stay when the next one fails', async () => {
    await saveCheckpoint(folder, 1, 1, () => undefined);
    const failing = saveCheckpoint(folder, 2, 1, () =>
      Promise.reject(new RunError({ what: 'the disk is full' })),
    );
    await expect(failing).rejects.toThrow('the disk is full');
    expect(listCheckpoints(folder).map(({ step }) => step)).toEqual([1]);
  });
});

describe('lines', () => {
  it('are read as they come, whole, also in pieces of a character', () => {
    const file = join(folder, 'm.jsonl');
    const tail = new LineTail(file);
    expect(tail.read()).toEqual([]);
    const bytes = Buffer.from('{"a":"ä"}\n{"b":"😀"}\n');
    const seen: string[] = [];
    for (let length = 1; length <= bytes.length; length++) {
      writeFileSync(file, bytes.subarray(0, length));
      seen.push(...tail.read());
    }
    expect(seen).toEqual(['{"a":"ä"}', '{"b":"😀"}']);
    expect(tail.read()).toEqual([]);
  });

  it('are all there when more come than fit one read', () => {
    const file = join(folder, 'm.jsonl');
    const lines = Array.from({ length: 40_000 }, (_, i) => `{"step":${i},"padding":"${'x'.repeat(30)}"}`);
    writeFileSync(file, `${lines.join('\n')}\n{"torn`);
    expect(new LineTail(file).read()).toEqual(lines);
  });

  it('skip what is too long for a line', () => {
    const file = join(folder, 'm.jsonl');
    writeFileSync(file, `${'x'.repeat(3 << 20)}\n{"a":1}\n`);
    expect(new LineTail(file).read().at(-1)).toBe('{"a":1}');
  });

  it('are appended after a torn one has been cut off', () => {
    const file = join(folder, 'm.jsonl');
    writeFileSync(file, '{"a":1}\n{"b"');
    const appender = new LineAppender(file);
    appender.append('{"c":2}');
    expect(appender.size).toBe(16);
    appender.close();
    expect(readFileSync(file, 'utf8')).toBe('{"a":1}\n{"c":2}\n');
  });

  it('are refused by a file that has been removed, when they are brought to the disk', () => {
    const file = join(folder, 'm.jsonl');
    const appender = new LineAppender(file);
    appender.append('{"step":1}');
    appender.flush();
    rmSync(file);
    appender.append('{"step":2}');
    expect(() => appender.flush()).toThrow('removed while the run was at work');
    appender.close();
  });

  it('are brought to the disk every two seconds, also where the clock of the day was set back', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_000_000_000 });
    try {
      const file = join(folder, 'm.jsonl');
      const appender = new LineAppender(file);
      rmSync(file);
      vi.setSystemTime(0);
      appender.append('{"step":1}');
      vi.advanceTimersByTime(2001);
      expect(() => appender.append('{"step":2}')).toThrow('removed while the run was at work');
      appender.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it('are cut back to those that are kept', () => {
    const file = join(folder, 'm.jsonl');
    filterLines(file, () => true);
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, '1\n2\n3\n4');
    filterLines(file, (line) => Number(line) < 3);
    expect(readFileSync(file, 'utf8')).toBe('1\n2\n');
  });
});
