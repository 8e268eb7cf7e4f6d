import type { Disposable } from '../../../src/base/disposable';
import { toError } from '../../../src/base/errors';
import type { SubjectPort } from '../../../src/extension/vscode/subjectPage';
import type { subjectCalls } from '../../../src/protocol/panels/subject';
import { type Api, type Calls, type Channel, connect, type Peer } from '../../../src/protocol/rpc';
import type { PanelHost } from './panelTests';

/** The part of a session that every panel about a subject works with. */
interface Session extends Disposable {
  trust(): void;
  show(subject: { kind: 'experiment' | 'model' | 'run'; path: string; text?: string }): void;
  retry(): void;
  cancel(): void;
}

/** What a panel has saved. */
export interface Saved {
  svg?: string;
  png?: Uint8Array;
  csv?: string;
}

/** The host of a panel about a subject, over the same session as in the extension; what it would ask VS Code for is kept. */
export abstract class SubjectHost<M, Remote extends Api> implements PanelHost {
  readonly errors: Error[] = [];
  readonly saved: Saved = {};
  trusts = 0;
  places = 0;
  /** Lets what waits go on. */
  go: () => void = () => undefined;
  abstract readonly session: Session;
  #text = 0;
  #peer: Peer<Remote> | undefined;

  /** Shows the experiment with its text as it is now. */
  show(): void {
    this.session.show({ kind: 'experiment', path: '/work/gsm8k.tune.yaml', text: String(this.#text++) });
  }

  abstract connect(channel: Channel): void;

  dispose(): void {
    this.#peer?.dispose();
    this.session.dispose();
  }

  /** What a session is given. */
  protected portOf(trusted = true): SubjectPort<M> {
    return {
      trusted,
      post: (message) => {
        const peer = this.#peer;
        if (peer === undefined) return;
        this.tell(peer.calls, message).catch((error: unknown) => this.errors.push(toError(error)));
      },
      onFault: (error) => this.errors.push(error),
    };
  }

  protected abstract tell(calls: Calls<Remote>, message: M): Promise<unknown>;

  protected link<Own extends Api>(own: Own, handlers: Calls<Own>, remote: Remote, channel: Channel): void {
    this.#peer = connect(own, handlers, remote, channel, { onError: (error) => this.errors.push(error) });
  }

  /** Until `go` is called. */
  protected wait(): Promise<void> {
    return new Promise((resolve) => {
      this.go = resolve;
    });
  }

  protected get common(): Calls<typeof subjectCalls> {
    const done = (act: () => unknown) => (): Promise<void> => {
      act();
      return Promise.resolve();
    };
    return {
      retry: done(() => this.session.retry()),
      cancel: done(() => this.session.cancel()),
      trust: done(() => {
        this.trusts++;
        this.session.trust();
      }),
      openProblem: done(() => this.places++),
    };
  }

  /** Keeps what is saved. */
  protected keep(form: Saved): Promise<boolean> {
    Object.assign(this.saved, form);
    return Promise.resolve(true);
  }
}
