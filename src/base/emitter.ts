import { disposable, type Disposable } from './disposable';

/** Calls a listener on each event, until the result is disposed of. */
export type Listen<T> = (listener: (event: T) => void) => Disposable;

/** Tells listeners of events. One that throws keeps no other from hearing; `onError` is told. */
export class Emitter<T> implements Disposable {
  readonly #listeners = new Set<(event: T) => void>();

  constructor(private readonly onError: (error: unknown) => void = rethrowLater) {}

  readonly event: Listen<T> = (listener) => {
    // The same function may listen twice.
    const own = (event: T): void => listener(event);
    this.#listeners.add(own);
    return disposable(() => this.#listeners.delete(own));
  };

  fire(event: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (thrown) {
        this.onError(thrown);
      }
    }
  }

  dispose(): void {
    this.#listeners.clear();
  }
}

function rethrowLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
