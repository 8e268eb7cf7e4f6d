import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** onnxruntime-node as the running program would resolve it: for processes and threads that load it themselves. */
export function ortPath(): string {
  const entry = process.argv[1];
  return createRequire(entry === undefined ? join(process.cwd(), 'x.js') : realpathSync(entry)).resolve(
    'onnxruntime-node',
  );
}
