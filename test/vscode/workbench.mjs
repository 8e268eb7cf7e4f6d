// Opens VS Code with the extension as it is built, on a copy of the sample: `npm run workbench [folder]`.
// Takes the VS Code that is installed here, or else the ring's own one, in a browser (on Linux).
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

const HERE = import.meta.dirname;
const ROOT = resolve(HERE, '..', '..');
const SCRATCH = join(tmpdir(), 'eigenloom-workbench');

const own = process.argv[2] === undefined;
const folder = own ? sample() : resolve(process.argv[2]);
// Of the sample, an experiment is open: a new user sees at once what this is about.
const files = own ? [join(folder, 'lamda.tune.yaml')] : [];
const code = installed();
const child =
  code === undefined ? inBrowser() : spawn(code, [`--extensionDevelopmentPath=${ROOT}`, folder, ...files]);
child.on('error', (error) => {
  throw error;
});
child.on('exit', (status) => {
  process.exitCode = status ?? 1;
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill());

/** A copy of the sample, which keeps its runs from one time to the next. */
function sample() {
  const copy = join(SCRATCH, 'sample');
  const from = join(ROOT, 'media', 'sample');
  if (!existsSync(copy))
    cpSync(from, copy, { recursive: true, filter: (file) => file !== join(from, 'make') });
  return copy;
}

/** VS Code's program, where its `code` command is on the path. On Windows that is a script: the program lies above it. */
function installed() {
  const windows = process.platform === 'win32';
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = windows ? join(directory, '..', 'Code.exe') : join(directory, 'code');
    if (directory !== '' && existsSync(found) && (!windows || existsSync(join(directory, 'code.cmd'))))
      return found;
  }
  return undefined;
}

/** The ring's VS Code, with the checkout itself as the installed extension: build again and reload to see a change. */
function inBrowser() {
  if (process.platform !== 'linux') {
    throw new Error('VS Code is not here: install it, and let it put `code` on the path');
  }
  const { status } = spawnSync('bash', [join(HERE, 'install.sh')], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the workbench could not be installed');
  const data = join(SCRATCH, 'data');
  const extensions = join(SCRATCH, 'extensions');
  mkdirSync(extensions, { recursive: true });
  mkdirSync(join(data, 'User'), { recursive: true });
  const { publisher, name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const link = join(extensions, `${publisher}.${name}-${version}`);
  if (!existsSync(link)) symlinkSync(ROOT, link);
  const quiet = JSON.parse(readFileSync(join(HERE, 'support', 'quiet.json'), 'utf8'));
  const settings = join(data, 'User', 'settings.json');
  if (!existsSync(settings)) writeFileSync(settings, `${JSON.stringify(quiet.settings, null, 2)}\n`);
  const tools = join(HERE, 'node_modules');
  const server = spawn(
    join(tools, 'node24', 'bin', 'node'),
    [
      join(tools, 'code-server', 'out', 'node', 'entry.js'),
      ...quiet.flags,
      '--disable-workspace-trust',
      ...['--bind-addr', `127.0.0.1:${process.env['PORT'] ?? 0}`],
      ...['--config', join(SCRATCH, 'config.yaml')],
      ...['--user-data-dir', data, '--extensions-dir', extensions],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  server.stdout.setEncoding('utf8').on('data', (text) => {
    const url = /listening on (http:\/\/[\d.:]+)/u.exec(text)?.[1];
    if (url === undefined) return;
    const payload = files.map((file) => ['openFile', `vscode-remote://${new URL(url).host}${file}`]);
    const query = new URLSearchParams({ folder, payload: JSON.stringify(payload) });
    console.log(`Open ${url}/?${query} in a browser; Ctrl-C ends it.`);
  });
  return server;
}
