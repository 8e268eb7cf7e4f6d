// Splits a CommonJS bundle where its sources say `import()`, so that what is not needed yet is not read.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from 'esbuild';

/** A module that Node or VS Code brings, imported whole. */
const WHOLE_IMPORT = /^import \* as (\w+) from "(vscode|node:[\w/]+)";$/gmu;

/**
 * Builds with these options of esbuild, one entry point, format `cjs`; answers with the metafile.
 *
 * esbuild splits ES modules only, so that it takes two steps: the pieces are then turned into CommonJS, one by one.
 * There esbuild would make a copy of a whole module's exports for each file that imports it, and the hundreds of
 * `vscode` in dozens of files are a tenth of the time that activation takes: they are required as they are.
 */
export async function buildSplit({ minifyWhitespace, ...options }) {
  const { metafile } = await build({ ...options, format: 'esm', splitting: true });
  const { platform, target, format, sourcemap, minifySyntax, logLevel } = options;
  const pieces = Object.keys(metafile.outputs).filter((file) => file.endsWith('.js'));
  await build({
    ...{ platform, target, format, sourcemap, minifySyntax, minifyWhitespace, logLevel },
    entryPoints: pieces,
    outdir: dirname(pieces[0]),
    allowOverwrite: true,
    plugins: [{ name: 'require whole modules', setup: requireWhole }],
  });
  return { metafile };
}

function requireWhole({ onLoad }) {
  onLoad({ filter: /\.js$/ }, ({ path }) => ({
    contents: readFileSync(path, 'utf8').replaceAll(WHOLE_IMPORT, 'const $1 = require("$2");'),
    loader: 'js',
  }));
}
