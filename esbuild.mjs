// Bundles what runs under Node: the command line and the trainer. Only the trainer may leave onnxruntime-node outside.
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: true,
  minify: false,
  legalComments: 'linked',
  logLevel: 'warning',
  metafile: true,
};

const bundles = [
  { entry: 'src/trainer/cli.ts', out: 'dist/cli.js', external: [], banner: '#!/usr/bin/env node' },
  { entry: 'src/trainer/main.ts', out: 'dist/trainer.js', external: ['onnxruntime-node'], banner: '' },
];

for (const { entry, out, external, banner } of bundles) {
  const result = await build({
    ...common,
    entryPoints: [entry],
    outfile: out,
    external,
    banner: { js: banner },
  });
  const { bytes, inputs } = result.metafile.outputs[out] ?? { bytes: 0, inputs: {} };
  console.log(`${out}  ${Math.round(bytes / 1024)} KB from ${Object.keys(inputs).length} files`);
}
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
console.log(`eigenloom ${version} is built`);
