// Splits a CommonJS bundle where its sources say `import()`, so that what is not needed yet is not read.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { build } from 'esbuild';

/** A module that Node or VS Code brings, imported whole. */
const WHOLE_IMPORT = /^import \* as (\w+) from "(vscode|node:[\w/]+)";$/gmu;

/**
 * Builds with these options of esbuild, one entry point, format `cjs`; answers with the metafile.
 *
 * esbuild splits ES modules only, so that it takes two steps: the pieces are then turned into CommonJS. Those that the
 * entry imports at once are joined to it, since each file more costs a start a millisecond or two; the later ones find
 * them there by their names.
 */
export async function buildSplit({ minifyWhitespace, ...options }) {
  const { metafile } = await build({ ...options, format: 'esm', splitting: true });
  const [{ in: source }] = options.entryPoints;
  const [entry] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === source);
  const pieces = Object.keys(metafile.outputs).filter((file) => file.endsWith('.js'));
  const first = importedAtOnce(metafile, entry);
  const later = pieces.filter((file) => file !== entry && !first.includes(file));
  const { platform, target, format, sourcemap, minifySyntax, logLevel } = options;
  const common = { platform, target, format, sourcemap, minifySyntax, minifyWhitespace, logLevel };
  const plugins = [{ name: 'require whole modules', setup: requireWhole }];
  await build({
    ...common,
    stdin: { contents: joined(entry, first), resolveDir: dirname(entry), sourcefile: 'joined.js' },
    bundle: true,
    // What was a module is strict; esbuild says so by itself only where it joins nothing.
    banner: { js: '"use strict";' },
    external: [...options.external, ...later.map(besides)],
    outfile: entry,
    allowOverwrite: true,
    plugins,
  });
  await build({ ...common, entryPoints: later, outdir: dirname(entry), allowOverwrite: true, plugins });
  for (const file of later) requireJoined(file, entry, first);
  for (const file of first) for (const made of [file, `${file}.map`]) rmSync(made);
  return { metafile: without(metafile, first) };
}

/** The pieces that an entry needs before it can begin. */
function importedAtOnce({ outputs }, entry) {
  const found = new Set([entry]);
  for (const file of found) {
    for (const { path, kind } of outputs[file].imports) {
      if (kind === 'import-statement' && path in outputs) found.add(path);
    }
  }
  found.delete(entry);
  return [...found];
}

/** An entry with the exports of other pieces beside its own, each piece's under a name. */
function joined(entry, pieces) {
  const exported = pieces.map((file) => `export * as ${nameOf(file)} from ${JSON.stringify(besides(file))};`);
  return [`export * from ${JSON.stringify(besides(entry))};`, ...exported].join('\n');
}

/** Lets a piece take from the entry what was joined to it. */
function requireJoined(file, entry, pieces) {
  let text = readFileSync(file, 'utf8');
  for (const piece of pieces) {
    text = text.replaceAll(
      `require(${JSON.stringify(besides(piece))})`,
      `require(${JSON.stringify(besides(entry))}).${nameOf(piece)}`,
    );
  }
  writeFileSync(file, text);
}

const besides = (file) => `./${basename(file)}`;

const nameOf = (file) => basename(file, '.js').replaceAll(/\W/gu, '_');

function without({ outputs, ...metafile }, pieces) {
  const gone = new Set(pieces.flatMap((file) => [file, `${file}.map`]));
  return {
    ...metafile,
    outputs: Object.fromEntries(Object.entries(outputs).filter(([file]) => !gone.has(file))),
  };
}

/**
 * esbuild would make a copy of a whole module's exports for each file that imports it, and the hundreds of `vscode` in
 * dozens of files are a tenth of the time that activation takes: they are required as they are.
 */
function requireWhole({ onLoad }) {
  onLoad({ filter: /\.js$/ }, ({ path }) => ({
    contents: readFileSync(path, 'utf8').replaceAll(WHOLE_IMPORT, 'const $1 = require("$2");'),
    loader: 'js',
  }));
}
