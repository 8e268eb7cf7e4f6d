// How long a keystroke in an experiment takes: parse, check and complete, as the editor does on each.
//   node test/bench/language.mjs
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..', '..');
const TYPED = '  target_modules: [q_proj, v_proj, up_proj]\n  dropout: 0.05\n  init_from: null # fresh\n';

const folder = mkdtempSync(join(tmpdir(), 'eigenloom-bench-'));
const bundle = join(folder, 'language.cjs');
await build({
  stdin: {
    contents: `
      export { analyse } from './analysis';
      export { completeAt } from './suggest/complete';
      export { outlineOf } from './outline';`,
    resolveDir: join(ROOT, 'src', 'extension', 'features', 'language'),
  },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  outfile: bundle,
});
const { analyse, completeAt, outlineOf } = createRequire(import.meta.url)(bundle);
rmSync(folder, { recursive: true });

const file = join(ROOT, 'media', 'sample', 'lora.tune.yaml');
const whole = readFileSync(file, 'utf8');
const at = whole.indexOf('  target_modules');
const world = { list: async () => [], model: async () => undefined, data: async () => undefined };

/** One keystroke: the text after it, and the cursor. */
async function keystroke(text, offset) {
  const begun = performance.now();
  const analysis = analyse(text, file);
  outlineOf(analysis);
  await completeAt(analysis, offset, world);
  return performance.now() - begun;
}

const first = await keystroke(whole, at);
const times = [];
while (times.length < 200) {
  for (let typed = 1; typed <= TYPED.length && times.length < 200; typed++) {
    const text = whole.slice(0, at) + TYPED.slice(0, typed) + whole.slice(at);
    times.push(await keystroke(text, at + typed));
  }
}
const sorted = [...times].sort((a, b) => a - b);
const shown = (ms) => `${ms.toFixed(1)} ms`;
console.log(`first keystroke (compiles the schema): ${shown(first)}`);
console.log(
  `${times.length} keystrokes: median ${shown(sorted[sorted.length >> 1])}, 95 % ${shown(sorted[Math.floor(sorted.length * 0.95)])}, worst ${shown(sorted.at(-1))}`,
);
