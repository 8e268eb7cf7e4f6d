import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CODE_SERVER, NODE } from './places';
import quiet from './quiet.json';
import { until } from './until';

/** Settings that keep the page from moving by itself, on top of the quiet ones. */
const STILL = { 'editor.cursorBlinking': 'solid', 'workbench.reduceMotion': 'on' } as const;

export interface CodeServerOptions {
  /** Where it keeps its settings, its state and its logs. */
  readonly data: string;
  readonly extensions: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly settings: Readonly<Record<string, unknown>>;
  /** False: folders are trusted only when the user says so. */
  readonly trusted: boolean;
}

/** VS Code as a server on a free port of this machine. */
export class CodeServer {
  private constructor(
    readonly url: string,
    readonly data: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(options: CodeServerOptions): Promise<CodeServer> {
    const { data, extensions, environment, settings, trusted } = options;
    mkdirSync(join(data, 'User'), { recursive: true });
    writeFileSync(
      join(data, 'User', 'settings.json'),
      `${JSON.stringify({ ...quiet.settings, ...STILL, ...settings }, null, 2)}\n`,
    );
    const words = [
      ...quiet.flags,
      ...(trusted ? ['--disable-workspace-trust'] : []),
      '--bind-addr=127.0.0.1:0',
      ...['--user-data-dir', data, '--extensions-dir', extensions],
    ];
    const child = spawn(NODE, [CODE_SERVER, ...words], {
      env: { ...environment, PATH: process.env['PATH'], HOME: data },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    const url = await until('the server to listen', () => {
      if (child.exitCode !== null) throw new Error(`code-server ended: ${said}`);
      return /listening on (http:\/\/[\d.:]+)/u.exec(said)?.[1];
    });
    return new CodeServer(url, data, child);
  }

  /** Ends the server. What it started and did not outlive it ends with it. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
  }
}

/** Installs a packed extension, as a user would. */
export async function installExtension(vsix: string, data: string, extensions: string): Promise<void> {
  await promisify(execFile)(NODE, [
    CODE_SERVER,
    ...['--user-data-dir', data, '--extensions-dir', extensions],
    ...['--install-extension', vsix],
  ]);
}
