import { spawn, type ChildProcess } from 'node:child_process';
import { Owner, disposable } from '../../base/disposable';
import { RunError } from '../../base/errors';
import { trainerCommand } from '../../launch/trainerProcess';
import { inspectorApi } from '../../protocol/inspector';
import { type Calls, connect, type Peer } from '../../protocol/rpc';
import type { Log } from '../log';

/** How long (ms) the process is kept without work. */
const IDLE = 120_000;
/** How long (ms) an answer may take: a large model's weights are hashed once. */
const TIMEOUT = 600_000;

type InspectorCalls = Calls<typeof inspectorApi>;

interface Running {
  readonly child: ChildProcess;
  readonly peer: Peer<typeof inspectorApi>;
}

/**
 * The inspector's process, which is started when first asked, ended when it has been idle, and started anew after it
 * died. Reading a model or a data file so never keeps the editor waiting, and onnxruntime never lies in this process.
 */
export class Inspector extends Owner {
  #running: Running | undefined;
  #idle: NodeJS.Timeout | undefined;
  #pending = 0;

  constructor(
    private readonly log: Log,
    private readonly cacheFolder: () => string | undefined,
  ) {
    super();
    this.register(disposable(() => this.end('the extension is deactivated')));
  }

  /** The inspector's answers; see `inspectorApi`. */
  readonly calls: InspectorCalls = {
    devices: () => this.ask((calls) => calls.devices()),
    model: (path) => this.ask((calls) => calls.model(path)),
    data: (path, columns) => this.ask((calls) => calls.data(path, columns)),
    preview: (file, source, from, count) => this.ask((calls) => calls.preview(file, source, from, count)),
    preflight: (file, overrides) => this.ask((calls) => calls.preflight(file, overrides)),
    caches: () => this.ask((calls) => calls.caches()),
    clearCache: (kind) => this.ask((calls) => calls.clearCache(kind)),
  };

  private async ask<T>(question: (calls: InspectorCalls) => Promise<T>): Promise<T> {
    clearTimeout(this.#idle);
    this.#pending++;
    try {
      return await question(this.running().peer.calls);
    } finally {
      this.#pending--;
      if (this.#pending === 0) this.#idle = setTimeout(() => this.end('idle'), IDLE);
    }
  }

  private running(): Running {
    if (this.disposed) throw new RunError({ what: 'the inspector has ended' });
    return (this.#running ??= this.start());
  }

  private start(): Running {
    const { program, words, environment } = trainerCommand(this.cacheFolder());
    const child = spawn(program, [...words, 'inspect'], {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
      windowsHide: true,
    });
    child.stderr
      ?.setEncoding('utf8')
      .on('data', (text: string) => this.log.warn(`inspector: ${text.trimEnd()}`));
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
    const gone = (why: string): void => {
      peer.close(
        new RunError({ what: `the inspector ended: ${why}`, remedy: 'Try again; it is started anew.' }),
      );
      if (this.#running?.child === child) this.#running = undefined;
    };
    child.once('error', (error) => gone(error.message));
    child.once('exit', (code, signal) => gone(signal ?? `exit code ${code ?? 'unknown'}`));
    return { child, peer };
  }

  private end(why: string): void {
    clearTimeout(this.#idle);
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    this.log.debug(`inspector: ending it (${why})`);
    running.peer.close(new RunError({ what: 'the inspector has ended' }));
    running.child.kill();
  }
}
