import { disposable } from '../../src/base/disposable';
import { type Api, type Calls, connect, type Peer } from '../../src/protocol/rpc';

/** What VS Code gives a webview, once. */
interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();

/** The extension host's side of this panel. */
export function connectHost<Own extends Api, Remote extends Api>(
  own: Own,
  handlers: Calls<Own>,
  remote: Remote,
): Peer<Remote> {
  return connect(own, handlers, remote, {
    post: (message) => {
      api.postMessage(message);
    },
    listen: (heard) => {
      const listener = ({ data }: MessageEvent<unknown>): void => {
        heard(data);
      };
      window.addEventListener('message', listener);
      return disposable(() => {
        window.removeEventListener('message', listener);
      });
    },
  });
}

/** What the panel wrote down when it was last here; who reads it decodes it. */
export function savedState(): unknown {
  return api.getState();
}

/** Writes down what the panel needs to come back as it was: VS Code keeps it over a reload. */
export function saveState(state: unknown): void {
  api.setState(state);
}
