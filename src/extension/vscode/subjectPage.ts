import * as path from 'node:path';
import * as vscode from 'vscode';
import { type Disposable, Owner } from '../../base/disposable';
import { type ErrorFacts, toError } from '../../base/errors';
import type { subjectCalls } from '../../protocol/panels/subject';
import { type Api, type Calls, connect } from '../../protocol/rpc';
import { showError } from '../commands';
import type { FollowedSubject } from '../follower';
import type { PANELS } from '../ids';
import type { Services } from '../services';
import { openPlace } from './openPlace';
import { saveAs, type SaveForm } from './saveAs';
import { shownPage } from './shownPage';
import { shortName, type SubjectPanel } from './subjectPanels';
import { webviewChannel } from './webviewPage';

/** What feeds the page of a panel about a subject. */
interface SubjectSession extends Disposable {
  readonly subject: FollowedSubject | undefined;
  /** The place of what is wrong. */
  readonly problem: ErrorFacts | undefined;
  visible: boolean;
  trust(): void;
  show(subject: FollowedSubject): void;
  retry(): void;
  cancel(): void;
}

/** What a session of such a panel is given. */
export interface SubjectPort<M> {
  readonly trusted: boolean;
  /** Tells the page what is new. */
  readonly post: (message: M) => void;
  /** Told of errors that are no fault of the subject's. */
  readonly onFault: (error: Error) => void;
}

/** How the page answers, and what else it may ask. */
interface PageLink<Own extends Api, Remote extends Api, M> {
  readonly own: Own;
  readonly handlers: Calls<Own>;
  readonly remote: Remote;
  readonly tell: (calls: Calls<Remote>, message: M) => Promise<unknown>;
  /** What the page says of itself where it fails, so that no notice has to. */
  readonly quiet?: readonly string[];
}

/**
 * A panel about a subject: a page, and the session that feeds it, which live as long as the panel is open. The panel
 * of a kind adds what its page may ask.
 */
export abstract class SubjectPage<S extends SubjectSession, M> extends Owner implements SubjectPanel {
  protected readonly session: S;
  #tell: (message: M) => Promise<unknown> = () => Promise.resolve();

  constructor(
    private readonly services: Services,
    protected readonly panel: vscode.WebviewPanel,
    /** The panel's kind: its bundle's name, and what it shows, in the plural. */
    private readonly kind: keyof typeof PANELS,
    makeSession: (port: SubjectPort<M>) => S,
  ) {
    super();
    const { log } = services;
    this.session = this.register(
      makeSession({
        trusted: vscode.workspace.isTrusted,
        post: (message) => {
          this.#tell(message).catch((error: unknown) => {
            // A page that was hidden meanwhile answers no more; it asks for everything when it is back.
            log.trace(`${kind}: ${toError(error).message}`);
          });
        },
        onFault: (error) => log.error(`${kind}: ${error.stack ?? error.message}`),
      }),
    );
    this.session.visible = panel.visible;
    this.register(
      panel.onDidChangeViewState(() => {
        this.session.visible = panel.visible;
      }),
    );
    this.register(vscode.workspace.onDidGrantWorkspaceTrust(() => this.session.trust()));
  }

  get subject(): FollowedSubject | undefined {
    return this.session.subject;
  }

  follow(subject: FollowedSubject): void {
    this.session.show(subject);
    this.panel.title = `${this.title}: ${shortName(subject)}`;
  }

  reveal(): void {
    this.panel.reveal(undefined, true);
  }

  onDidClose(closed: () => void): vscode.Disposable {
    return this.panel.onDidDispose(closed);
  }

  /** Connects the page, and loads it. */
  protected open<Own extends Api, Remote extends Api>(link: PageLink<Own, Remote, M>): void {
    const { log, context } = this.services;
    const { own, handlers, remote, tell, quiet = [] } = link;
    const peer = this.register(
      connect(own, handlers, remote, webviewChannel(this.panel.webview), {
        onError: (error, method) => {
          const text = `${this.kind}: ${method}: ${error.stack ?? error.message}`;
          if (quiet.includes(method)) {
            log.debug(text);
            return;
          }
          log.error(text);
          if (method !== 'ready') void showError(error, log);
        },
      }),
    );
    this.#tell = (message) => tell(peer.calls, message);
    this.register(shownPage(this.panel, context.extensionUri, this.kind, this.title, () => this.dispose()));
  }

  /** What every page about a subject may ask. */
  protected get common(): Calls<typeof subjectCalls> {
    const { session } = this;
    return {
      retry: () => {
        session.retry();
        return Promise.resolve();
      },
      cancel: () => {
        session.cancel();
        return Promise.resolve();
      },
      trust: async () => {
        await vscode.commands.executeCommand('workbench.trust.manage');
      },
      openProblem: () => openPlace(session.problem),
    };
  }

  /** Saves what the page shows beside its experiment; see {@link saveAs}. */
  protected save(form: SaveForm, content: () => string | Uint8Array): Promise<boolean> {
    const { subject } = this;
    const folder =
      subject?.kind === 'experiment'
        ? vscode.Uri.file(path.dirname(subject.path))
        : vscode.workspace.workspaceFolders?.[0]?.uri;
    const name = subject === undefined ? this.kind : `${shortName(subject)}-${this.kind}`;
    return saveAs({ form, what: this.kind, folder, name }, () => Promise.resolve(content()));
  }

  private get title(): string {
    return this.kind.charAt(0).toUpperCase() + this.kind.slice(1);
  }
}
