// Packs the extension for one platform: `npm run package [-- --target darwin-arm64] [-- --out folder]`.
// It packs what `npm run build` has made, and no more than .vscodeignore lets in.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = resolve(import.meta.dirname, '..');
const BINARIES = 'node_modules/onnxruntime-node/bin/napi-v6';

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: `${process.platform}-${process.arch}` },
    out: { type: 'string', default: ROOT },
  },
});

/** The platforms that onnxruntime has binaries for. */
const targets = readdirSync(join(ROOT, BINARIES)).flatMap((platform) =>
  readdirSync(join(ROOT, BINARIES, platform)).map((arch) => `${platform}-${arch}`),
);
if (!targets.includes(values.target)) {
  throw new Error(`onnxruntime has no binaries for ${values.target}; there are ${targets.join(', ')}`);
}
for (const file of ['dist/extension.js', 'dist/trainer.js', 'dist/THIRD_PARTY_NOTICES.txt']) {
  if (!existsSync(join(ROOT, file))) throw new Error(`${file} is not built: run \`npm run build\``);
}

const vsce = packer();
const scratch = mkdtempSync(join(tmpdir(), 'eigenloom-package-'));
try {
  const ignore = join(scratch, '.vscodeignore');
  const allowed = readFileSync(join(ROOT, '.vscodeignore'), 'utf8').trimEnd();
  writeFileSync(ignore, [allowed, ...binaries(values.target).map((file) => `!${file}`), ''].join('\n'));
  mkdirSync(values.out, { recursive: true });
  const vsix = join(resolve(values.out), `eigenloom-${values.target}.vsix`);
  run(process.execPath, [
    vsce,
    'package',
    ...['--target', values.target],
    ...['--ignoreFile', ignore],
    ...['--out', vsix],
    // Links in the README are read in a checkout; there is no web address to write before them.
    ...['--no-rewrite-relative-links', '--allow-missing-repository'],
  ]);
  console.log(`${vsix}  ${(statSync(vsix).size / 2 ** 20).toFixed(1)} MB`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/**
 * The binaries of a platform. macOS's library lies there twice, once under its full version, which nothing loads.
 */
function binaries(target) {
  const folder = `${BINARIES}/${target.replace('-', '/')}`;
  return readdirSync(join(ROOT, folder))
    .filter((file) => !/^libonnxruntime\.\d+\.\d+.*\.dylib$/u.test(file))
    .map((file) => `${folder}/${file}`);
}

/** The packing tool, installed beside this script when it is first needed. */
function packer() {
  const tool = join(import.meta.dirname, 'node_modules', '@vscode', 'vsce', 'vsce');
  if (!existsSync(tool)) {
    const npm = process.env['npm_execpath'];
    if (npm === undefined) throw new Error('start this by `npm run package`');
    run(process.execPath, [npm, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: import.meta.dirname,
    });
  }
  return tool;
}

function run(program, words, options = {}) {
  const { status, error } = spawnSync(program, words, { cwd: ROOT, stdio: 'inherit', ...options });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${words.slice(0, 3).join(' ')} ended with status ${status}`);
}
