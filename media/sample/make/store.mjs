// Step 3: keeps the trained weights beside the tokenizer, as f16.  node store.mjs RUN
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from './model.mjs';

const [run] = process.argv.slice(2);
if (run === undefined) throw new Error('which run? node store.mjs runs/<id>');
const trained = readSafetensors(join(run, 'adapter', 'model.safetensors'));
writeSafetensors(join(import.meta.dirname, '..', 'model', 'model.safetensors'), trained, true);
