import { disposable, type Disposable } from '../../base/disposable';
import { toError } from '../../base/errors';

/**
 * Does a task again and again, `interval` milliseconds after it was done last, so that a slow one never piles up. What
 * it throws is told, and it goes on.
 */
export function poll(
  interval: number,
  task: () => Promise<void>,
  onError: (error: Error) => void,
): Disposable {
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    if (ended) return;
    timer = setTimeout(() => {
      void task()
        .catch((thrown: unknown) => onError(toError(thrown)))
        .then(next);
    }, interval);
  };
  next();
  return disposable(() => {
    ended = true;
    clearTimeout(timer);
  });
}
