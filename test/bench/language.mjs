// How long a keystroke in an experiment takes: parse, check and complete, as the editor does on each; and, of a model of
// 32 layers with 7 modules each, whose spectra are known whole, all that stands in the lines, above them and in a hover.
//   node test/bench/language.mjs
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { machine } from './machine.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const TYPED = '  target_modules: [q_proj, v_proj, up_proj]\n  dropout: 0.05\n  init_from: null # fresh\n';
const LAYERS = 32;
const WIDTH = 4096;
const KEYSTROKES = 200;

const folder = mkdtempSync(join(tmpdir(), 'eigenloom-bench-'));
const bundle = join(folder, 'language.cjs');
await build({
  stdin: {
    contents: `
      export { analyse } from './language/analysis';
      export { completeAt } from './language/suggest/complete';
      export { outlineOf } from './language/outline';
      export { spectraPlace } from './inline/hoverPlace';
      export { knownSpectrum } from './inline/knownSpectrum';
      export { marksOf } from './inline/marks';
      export { outlookOf } from './inline/outlook';
      export { sparkPicture } from './inline/sparkline';
      export { spectrumSection } from './inline/spectrumHover';
      export { dataAddress } from './inline/svg';
      export { DARK, LIGHT } from './inline/themeColours';
      export { planLens } from './lens/planLens';
      export { openExperiment } from './spectra/subject';
      export { decoderModules, powerLaw } from '../../../test/support/spectraModel';`,
    resolveDir: join(ROOT, 'src', 'extension', 'features'),
    loader: 'ts',
  },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  outfile: bundle,
});
const features = createRequire(import.meta.url)(bundle);
rmSync(folder, { recursive: true });

const file = join(ROOT, 'media', 'sample', 'lora.tune.yaml');
const whole = readFileSync(file, 'utf8');
const world = { list: async () => [], model: async () => undefined, data: async () => undefined };

/** One keystroke anywhere: the text after it, and the cursor. */
async function keystroke(text, offset) {
  const analysis = features.analyse(text, file);
  features.outlineOf(analysis);
  await features.completeAt(analysis, offset, world);
  return analysis;
}

/** A model as the inspector describes it, and its spectra as it finds them. */
function largeModel() {
  const modules = features.decoderModules(LAYERS, WIDTH);
  const kinds = [...new Set(modules.map(({ kind }) => kind))].map((name) => {
    const [one, ...others] = modules.filter(({ kind }) => kind === name);
    const [rows, columns] = one.shape;
    return { name, count: LAYERS, rows, columns, paths: [one, ...others].map(({ path }) => path) };
  });
  const spectra = new Map(
    modules.map((module) => [
      module.path,
      features.knownSpectrum(
        { ...features.powerLaw(module, LAYERS), exact: true },
        Math.min(...module.shape),
      ),
    ]),
  );
  return { info: { parameters: 7e9, modules: kinds }, spectra };
}

/** One keystroke in the rank: everything that hangs on it, drawn anew. */
async function rankKeystroke(text, offset, { info, spectra }) {
  const { entries, parsed } = await keystroke(text, offset);
  const { adapter, adapted } = await features.openExperiment(parsed, file, async () => info);
  const outlook = features.outlookOf(adapter, adapted, spectra);
  for (const { sparks } of features.marksOf(entries, outlook)) {
    if (sparks.length === 0) continue;
    for (const colours of [features.LIGHT, features.DARK])
      features.dataAddress(features.sparkPicture(sparks, colours).svg);
  }
  features.planLens({
    trainable: outlook.trainable,
    bytes: outlook.adapterBytes,
    full: false,
    settled: outlook.settled,
    estimate: undefined,
  });
  const place = features.spectraPlace(entries, offset, outlook.layers);
  features.spectrumSection(outlook, place.layers, features.DARK, { spectra: '', ranks: '' });
}

/** Times (ms) of so many keystrokes, one text after another. */
async function timesOf(texts, press) {
  const times = [];
  while (times.length < KEYSTROKES) {
    for (const { text, offset } of texts) {
      const begun = performance.now();
      await press(text, offset);
      times.push(performance.now() - begun);
    }
  }
  return times.slice(0, KEYSTROKES);
}

function report(what, times) {
  const sorted = [...times].sort((a, b) => a - b);
  const shown = (ms) => `${ms.toFixed(1)} ms`;
  const at = (share) => shown(sorted[Math.floor(sorted.length * share)]);
  console.log(`${what}: median ${at(0.5)}, 95 % ${at(0.95)}, worst ${shown(sorted.at(-1))}`);
}

const at = whole.indexOf('  target_modules');
const typed = [...TYPED].map((_, i) => ({
  text: whole.slice(0, at) + TYPED.slice(0, i + 1) + whole.slice(at),
  offset: at + i + 1,
}));
console.log(JSON.stringify(machine()));
const begun = performance.now();
await keystroke(whole, at);
console.log(`first keystroke (compiles the schema): ${(performance.now() - begun).toFixed(1)} ms`);
report(`${KEYSTROKES} keystrokes`, await timesOf(typed, keystroke));

const model = largeModel();
for (const [method, target] of [
  ['lora', 'all-linear'],
  ['lamda++', '[q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj]'],
]) {
  const ranks = Array.from({ length: 56 }, (_, i) => {
    const text = whole
      .replace('method: lora', `method: ${method}`)
      .replace(/ {2}alpha:.*\n/u, '')
      .replace('all-linear', target)
      .replace('rank: 16', `rank: ${8 + i}`);
    return { text, offset: text.indexOf('rank: ') };
  });
  const name = `${KEYSTROKES} in the rank of ${method}, ${LAYERS} layers with 7 modules of width ${WIDTH}`;
  report(name, await timesOf(ranks, (text, offset) => rankKeystroke(text, offset, model)));
}
