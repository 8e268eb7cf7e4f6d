import { describe, expect, it } from 'vitest';
import * as b from '../../../../../src/engine/graph/builder';
import { Graph } from '../../../../../src/engine/graph/graph';
import { arenaBytes } from '../../../../../src/engine/graph/passes/arena';
import type { Value } from '../../../../../src/engine/graph/types';

const KB = 1024;

/** A graph over rows of 1 KB: how to make some, and how to keep what was made to the end. */
class Rows {
  readonly graph = new Graph();
  private readonly row = this.graph.input('x', 'f32', [1, KB / 4]);

  /** So many KB. */
  make(count: number): Value {
    return b.concat(this.graph, new Array<Value>(count).fill(this.row), 0);
  }

  /** The first KB of a value. */
  cut(value: Value, count: number): Value {
    return b.slice(this.graph, value, 0, 0, count);
  }

  join(...values: readonly Value[]): Value {
    return b.concat(this.graph, values, 0);
  }

  kept(value: Value): Value {
    this.graph.output(value);
    return value;
  }

  resident(): number {
    return arenaBytes(this.graph, {}) / KB;
  }
}

describe('arenaBytes', () => {
  it('lets a buffer take the place of a dead one', () => {
    const rows = new Rows();
    const first = rows.make(64);
    const second = rows.kept(rows.join(first, first));
    rows.kept(rows.cut(second, 64));
    expect(rows.resident()).toBe(64 + 128);
  });

  it('splits a place of at least twice the size, and leaves the rest to others', () => {
    const rows = new Rows();
    const first = rows.make(64);
    const second = rows.kept(rows.join(first, first));
    const small = rows.kept(rows.cut(second, 16));
    rows.kept(rows.join(small, small, small));
    expect(rows.resident()).toBe(64 + 128);
  });

  it('wastes the rest of a smaller one', () => {
    const rows = new Rows();
    const first = rows.make(64);
    const second = rows.kept(rows.join(first, first));
    const most = rows.kept(rows.cut(second, 48));
    rows.kept(rows.cut(most, 16));
    expect(rows.resident()).toBe(64 + 128 + 16);
  });

  it('joins dead neighbours', () => {
    const rows = new Rows();
    const both = rows.kept(rows.join(rows.make(64), rows.make(64)));
    rows.kept(rows.join(both));
    expect(rows.resident()).toBe(2 * 128);
  });

  it('takes another region where none has room, and counts of each what was ever used', () => {
    const rows = new Rows();
    const large = rows.kept(rows.make(900));
    const larger = rows.kept(rows.join(large, large));
    rows.kept(rows.cut(larger, 100));
    // Regions of 1 and 2 MB; the last fits behind the first.
    expect(rows.resident()).toBe(900 + 1800 + 100);
  });
});
