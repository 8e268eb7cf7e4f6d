/** What holds something that has to be given up. */
export interface Disposable {
  dispose(): unknown;
}

/** Gives up what it registered, the newest first, when it is disposed of itself. */
export abstract class Owner implements Disposable {
  readonly #owned: Disposable[] = [];
  #disposed = false;

  protected get disposed(): boolean {
    return this.#disposed;
  }

  /** Ties something to this object's life. What comes after the end is given up at once. */
  protected register<D extends Disposable>(owned: D): D {
    if (this.#disposed) owned.dispose();
    else this.#owned.push(owned);
    return owned;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const owned of this.#owned.splice(0).reverse()) owned.dispose();
  }
}

/** Holds one disposable at a time: the one before is given up when another takes its place. */
export class Slot<D extends Disposable> implements Disposable {
  #value: D | undefined;

  get value(): D | undefined {
    return this.#value;
  }

  set value(next: D | undefined) {
    if (next === this.#value) return;
    this.#value?.dispose();
    this.#value = next;
  }

  dispose(): void {
    this.value = undefined;
  }
}

/** A disposable of a function, which runs once. */
export function disposable(dispose: () => void): Disposable {
  let done = false;
  return {
    dispose: () => {
      if (done) return;
      done = true;
      dispose();
    },
  };
}
