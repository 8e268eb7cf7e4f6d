// Bundles what runs: the command line, the trainer and the extension under Node, and each panel's page in a webview.
// Only the trainer may leave onnxruntime-node outside, and only the extension `vscode`.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';
import { notices, packagesOf } from './.packaging/notices.mjs';
import { buildSplit } from './.packaging/split.mjs';

const common = {
  bundle: true,
  sourcemap: true,
  legalComments: 'linked',
  logLevel: 'warning',
  metafile: true,
};
/** Small text is compiled sooner; names stay, for what the log says. */
const small = { minifySyntax: true, minifyWhitespace: true };
const node = { ...common, ...small, platform: 'node', target: 'node20', format: 'cjs' };
/** The extension is split where it says `import()`: what is not yet needed is not read. */
const split = { chunkNames: 'extension-[name]-[hash]' };
const browser = { ...common, platform: 'browser', target: 'es2022', format: 'iife', minify: true };

/** Every folder of `webview` with a `main.ts` is a panel; its style is `style.css` there, and what that imports. */
const panels = readdirSync('webview').filter((name) => existsSync(join('webview', name, 'main.ts')));

const bundles = [
  { ...node, in: 'src/trainer/cli.ts', out: 'dist/cli', banner: { js: '#!/usr/bin/env node' } },
  { ...node, in: 'src/trainer/main.ts', out: 'dist/trainer', external: ['onnxruntime-node'] },
  { ...node, in: 'src/extension/extension.ts', out: 'dist/extension', external: ['vscode'], ...split },
  ...panels.map((name) => ({ ...browser, in: `webview/${name}/main.ts`, out: `dist/webview/${name}` })),
];

// A piece of an earlier build has another name and would be packed too.
rmSync('dist', { recursive: true, force: true });
const inputs = new Set([
  'node_modules/onnxruntime-node/package.json',
  'node_modules/onnxruntime-common/package.json',
]);
for (const { in: entry, out, ...options } of bundles) {
  const make = options.chunkNames === undefined ? build : buildSplit;
  const entryPoints = [{ in: entry, out: basename(out) }];
  const { metafile } = await make({ ...options, entryPoints, outdir: dirname(out) });
  for (const [file, { inputs: sources }] of Object.entries(metafile.outputs)) {
    if (/\.(?:map|LEGAL\.txt)$/u.test(file)) continue;
    console.log(
      `${file}  ${Math.round(statSync(file).size / 1024)} KB from ${Object.keys(sources).length} files`,
    );
  }
  for (const input of Object.keys(metafile.inputs)) inputs.add(input);
}
writeFileSync('dist/THIRD_PARTY_NOTICES.txt', notices(packagesOf(inputs, import.meta.dirname)));
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
console.log(`eigenloom ${version} is built`);
