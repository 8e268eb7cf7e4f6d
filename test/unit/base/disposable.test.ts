import { describe, expect, it } from 'vitest';
import { disposable, type Disposable, Owner, Slot } from '../../../src/base/disposable';
import { Emitter } from '../../../src/base/emitter';

class Holder extends Owner {
  hold<D extends Disposable>(owned: D): D {
    return this.register(owned);
  }
}

/** Disposables that write their name down when they are given up. */
function named() {
  const gone: string[] = [];
  return { gone, make: (name: string) => disposable(() => gone.push(name)) };
}

describe('Owner', () => {
  it('gives up what it holds, the newest first, once', () => {
    const { gone, make } = named();
    const holder = new Holder();
    holder.hold(make('first'));
    holder.hold(make('second'));
    holder.dispose();
    holder.dispose();
    expect(gone).toEqual(['second', 'first']);
  });

  it('gives up at once what comes too late', () => {
    const { gone, make } = named();
    const holder = new Holder();
    holder.dispose();
    holder.hold(make('late'));
    expect(gone).toEqual(['late']);
  });
});

describe('Slot', () => {
  it('gives up the one before, and the last at its end', () => {
    const { gone, make } = named();
    const slot = new Slot();
    slot.value = make('a');
    slot.value = make('b');
    expect(gone).toEqual(['a']);
    slot.dispose();
    expect(gone).toEqual(['a', 'b']);
    expect(slot.value).toBeUndefined();
  });

  it('keeps what is put into it twice', () => {
    const { gone, make } = named();
    const slot = new Slot();
    const one = make('one');
    slot.value = one;
    slot.value = one;
    expect(gone).toEqual([]);
  });
});

describe('Emitter', () => {
  it('tells every listener, also after one has thrown, until it is disposed of', () => {
    const errors: unknown[] = [];
    const emitter = new Emitter<number>((error) => errors.push(error));
    const heard: number[] = [];
    emitter.event(() => {
      throw new Error('mine');
    });
    const listening = emitter.event((value) => heard.push(value));
    emitter.fire(1);
    listening.dispose();
    emitter.fire(2);
    expect(heard).toEqual([1]);
    expect(errors).toHaveLength(2);
  });

  it('lets a listener leave while it is told', () => {
    const emitter = new Emitter<undefined>();
    let count = 0;
    const listening = emitter.event(() => {
      count++;
      listening.dispose();
    });
    emitter.fire(undefined);
    emitter.fire(undefined);
    expect(count).toBe(1);
  });
});
