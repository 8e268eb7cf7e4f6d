import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeUserNotes, decodeUserNotes } from '../../../src/runs/user';
import { temporaryFolder } from '../../support/runFolders';

describe('what a user adds to a run', () => {
  let folder: string;
  let remove: () => void;
  let file: string;
  beforeEach(() => {
    ({ folder, remove } = temporaryFolder('user'));
    file = join(folder, 'user.json');
  });
  afterEach(() => {
    remove();
  });
  const read = () => decodeUserNotes(readFileSync(file, 'utf8'), file);

  it('is kept field by field, and goes where it is taken back', () => {
    changeUserNotes(folder, { star: true });
    changeUserNotes(folder, { tags: ['a', 'b'], name: 'Mine', note: 'x' });
    expect(read()).toEqual({ name: 'Mine', star: true, tags: ['a', 'b'], note: 'x' });
    changeUserNotes(folder, { star: false, tags: [], name: undefined });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ formatVersion: 1, note: 'x' });
    expect(readdirSync(folder)).toEqual(['user.json']);
  });

  it('keeps fields of a later version', () => {
    writeFileSync(file, JSON.stringify({ formatVersion: 1, colour: 'red', star: true }));
    changeUserNotes(folder, { note: 'x' });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      formatVersion: 1,
      colour: 'red',
      star: true,
      note: 'x',
    });
  });

  it.each(['{"star": tr', '[]', '{"formatVersion": 2}'])(
    'overwrites no file that it cannot read: %s',
    (text) => {
      writeFileSync(file, text);
      expect(() => changeUserNotes(folder, { star: true })).toThrow(/notes on this run cannot be read/u);
      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );

  it('reads fields of the wrong form as empty', () => {
    expect(decodeUserNotes('{"name": 3, "star": "yes", "tags": ["a", 1], "note": null}', file)).toEqual({
      name: undefined,
      star: false,
      tags: ['a'],
      note: '',
    });
  });

  it('says what to look at where it cannot be written', () => {
    mkdirSync(join(folder, 'sub'));
    expect(() => changeUserNotes(join(folder, 'gone'), { star: true })).toThrow(/permissions of the folder/u);
  });
});
