import { spawn } from 'node:child_process';
import { disposable } from '../../base/disposable';
import { RunError } from '../../base/errors';
import { trainerCommand } from '../../launch/trainerProcess';
import { inspectorApi } from '../../protocol/inspector';
import { type Calls, connect } from '../../protocol/rpc';
import type { Log } from '../log';

/** How long (ms) an answer may take: a large model's weights are hashed once. */
const TIMEOUT = 600_000;

/** The inspector's process, started. */
export interface InspectorProcess {
  readonly calls: Calls<typeof inspectorApi>;
  /** Settles when the process has ended, by itself or not. */
  readonly gone: Promise<void>;
  /** Ends it; what still waits for an answer is told so. */
  readonly end: () => void;
}

/** Starts the inspector: a child process that answers what `inspectorApi` describes. */
export function startInspector(cacheFolder: string | undefined, log: Log): InspectorProcess {
  const { program, words, environment } = trainerCommand(cacheFolder);
  const child = spawn(program, [...words, 'inspect'], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    windowsHide: true,
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => log.warn(`inspector: ${text.trimEnd()}`));
  const peer = connect(
    {},
    {},
    inspectorApi,
    {
      post: (message) => {
        if (child.connected) child.send(message as object);
      },
      listen: (heard) => {
        child.on('message', heard);
        return disposable(() => child.off('message', heard));
      },
    },
    { timeout: TIMEOUT },
  );
  const gone = new Promise<void>((resolve) => {
    const ended = (why: string): void => {
      peer.close(
        new RunError({ what: `the inspector ended: ${why}`, remedy: 'Try again; it is started anew.' }),
      );
      resolve();
    };
    child.once('error', (error) => ended(error.message));
    child.once('exit', (code, signal) => ended(signal ?? `exit code ${code ?? 'unknown'}`));
  });
  return {
    calls: peer.calls,
    gone,
    end: () => {
      peer.close(new RunError({ what: 'the inspector has ended' }));
      child.kill();
    },
  };
}
