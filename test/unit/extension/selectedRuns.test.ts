import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/base/errors';
import { SelectedRuns } from '../../../src/extension/selectedRuns';

const row = (folder: string) => ({ kind: 'run', folder });

describe('the runs that are selected', () => {
  const selected = new SelectedRuns();
  selected.tell([row('/a'), row('/b'), { kind: 'group' }]);

  it('are remembered, and are left alone where a command names its own', () => {
    expect(selected.folders).toEqual(['/a', '/b']);
    expect(selected.namedBy([])).toEqual([]);
    expect(selected.namedBy([row('/c')])).toEqual(['/c']);
    expect(selected.namedBy([row('/c'), undefined])).toEqual(['/c']);
    expect(selected.namedBy([row('/c'), [row('/c'), row('/d')]])).toEqual(['/c', '/d']);
  });

  it('stand in for the rows of a tree that is being drawn anew', () => {
    expect(selected.namedBy([undefined, [undefined, undefined]])).toEqual(['/a', '/b']);
    expect(selected.namedBy([null, [row('/a'), null]])).toEqual(['/a', '/b']);
  });

  it('are asked for where they were told while rows were being drawn', () => {
    const late = new SelectedRuns();
    late.tell([row('/a')]);
    let known = [row('/a'), row('/b')];
    late.ask(() => known);
    expect(late.folders).toEqual(['/a', '/b']);
    late.tell(known);
    known = [];
    expect(late.folders).toEqual(['/a', '/b']);
    late.tell([]);
    expect(late.folders).toEqual([]);
  });

  it('do not where other rows may be meant', () => {
    for (const args of [
      [undefined, undefined],
      [null, null],
      [undefined, [undefined, undefined, undefined]],
    ]) {
      expect(() => selected.namedBy(args)).toThrow(InputError);
    }
  });
});
