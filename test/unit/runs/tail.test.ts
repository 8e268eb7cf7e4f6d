import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AsyncTail } from '../../../src/runs/tail';
import { temporaryFolder } from '../../support/runFolders';

describe('the tail of a file', () => {
  let folder: string;
  let remove: () => void;
  let file: string;
  let tail: AsyncTail;
  beforeEach(() => {
    ({ folder, remove } = temporaryFolder('tail'));
    file = join(folder, 'metrics.jsonl');
    tail = new AsyncTail(file);
  });
  afterEach(() => {
    remove();
  });
  const read = async (): Promise<{ lines: string[]; restarted: boolean }> => {
    const lines: string[] = [];
    let restarted = false;
    for await (const chunk of tail.read()) {
      if (chunk.restarted) lines.length = 0;
      restarted ||= chunk.restarted;
      lines.push(...chunk.lines);
    }
    return { lines, restarted };
  };

  it('waits for the file, and for the end of a torn line', async () => {
    expect((await read()).lines).toEqual([]);
    writeFileSync(file, 'a\nb');
    expect((await read()).lines).toEqual(['a']);
    appendFileSync(file, 'c\nd\n');
    expect(await read()).toEqual({ lines: ['bc', 'd'], restarted: false });
    expect((await read()).lines).toEqual([]);
  });

  it('begins anew in a file that was replaced, be it longer or shorter', async () => {
    writeFileSync(file, 'a\nb\n');
    await read();
    writeFileSync(`${file}.tmp`, 'a\nx\ny\n');
    renameSync(`${file}.tmp`, file);
    expect(await read()).toEqual({ lines: ['a', 'x', 'y'], restarted: true });
    truncateSync(file, 2);
    expect(await read()).toEqual({ lines: ['a'], restarted: true });
    writeFileSync(`${file}.tmp`, '');
    renameSync(`${file}.tmp`, file);
    expect(await read()).toEqual({ lines: [], restarted: true });
  });

  it('reads a long file in chunks, every line once', async () => {
    const lines = Array.from({ length: 100_000 }, (_, i) => `line ${i}`);
    writeFileSync(file, `${lines.join('\n')}\n`);
    let chunks = 0;
    for await (const chunk of tail.read()) chunks += chunk.lines.length > 0 ? 1 : 0;
    expect(chunks).toBeGreaterThan(3);
    expect((await read()).lines).toEqual([]);
    tail = new AsyncTail(file);
    expect((await read()).lines).toEqual(lines);
  });

  it('reads lines longer than a chunk whole', async () => {
    const long = 'x'.repeat(900_000);
    writeFileSync(file, `first\n${long}\nlast\n${long}`);
    expect((await read()).lines).toEqual(['first', long, 'last']);
    appendFileSync(file, 'y\n');
    expect((await read()).lines).toEqual([`${long}y`]);
  });

  it('skips what is longer than any line', async () => {
    writeFileSync(file, `${'x'.repeat(20_000_000)}\nlast\n`);
    const { lines } = await read();
    expect(lines.at(-1)).toBe('last');
    expect(lines.length).toBeLessThanOrEqual(2);
    expect((lines[0] ?? '').length).toBeLessThan(5_000_000);
  });
});
