import { EigenloomError, RunError, toError } from '../../../base/errors';
import type { inspectorApi, DataInfo, ModelInfo } from '../../../protocol/inspector';
import type { Calls } from '../../../protocol/rpc';
import type { Files } from './files';

/** What was found out, or why nothing could be. */
export type Answer<T> = { readonly info: T } | { readonly error: EigenloomError };

/** Answers that are kept. */
const KEPT = 32;

interface Kept {
  readonly stamp: string;
  readonly answer: Promise<Answer<unknown>>;
}

/** What models and data files are, asked of the inspector once as long as they do not change. */
export class Facts {
  readonly #kept = new Map<string, Kept>();

  constructor(
    private readonly calls: Pick<Calls<typeof inspectorApi>, 'model' | 'data'>,
    private readonly files: Files,
    /** Told of errors that are no answer: the inspector died, or has a fault. */
    private readonly onFault: (error: Error) => void,
  ) {}

  /** What a model is; undefined where the inspector failed. */
  model(path: string): Promise<Answer<ModelInfo> | undefined> {
    return this.ask(`model ${path}`, path, () => this.calls.model(path));
  }

  /** What a model is. Rejects with why that cannot be told. */
  async modelOrThrow(path: string): Promise<ModelInfo> {
    const answer = await this.model(path);
    if (answer === undefined) throw new RunError({ what: 'the model could not be looked into', file: path });
    if ('error' in answer) throw answer.error;
    return answer.info;
  }

  /** What a data file holds; undefined where the inspector failed. */
  data(path: string, columns: readonly string[]): Promise<Answer<DataInfo> | undefined> {
    return this.ask(`data ${path} ${columns.join('\0')}`, path, () => this.calls.data(path, [...columns]));
  }

  private async ask<T>(key: string, path: string, call: () => Promise<T>): Promise<Answer<T> | undefined> {
    const stamp = await this.files.stamp(path);
    let kept = this.#kept.get(key);
    if (kept?.stamp !== stamp) {
      kept = { stamp, answer: answered(call) };
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      const [oldest] = this.#kept.keys();
      if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    }
    try {
      // What is kept under a key is what its call gave.
      return (await kept.answer) as Answer<T>;
    } catch (thrown) {
      this.#kept.delete(key);
      this.onFault(toError(thrown));
      return undefined;
    }
  }
}

/** What the user can mend is an answer, and holds until the file changes; anything else is thrown. */
async function answered<T>(call: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { info: await call() };
  } catch (thrown) {
    if (thrown instanceof EigenloomError && thrown.kind === 'input') return { error: thrown };
    throw thrown;
  }
}
