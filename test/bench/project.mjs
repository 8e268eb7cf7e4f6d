import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';

const { resolve } = createRequire(import.meta.url);

/** The bundle that `loadProject` makes in a folder. */
export function projectFile(folder) {
  return join(folder, 'project.cjs');
}

/**
 * What parts of the project export: `exports` are export statements, relative to `src`. They are bundled as they are
 * into `folder`, which must last as long as they are used.
 */
export async function loadProject(exports, folder) {
  const outfile = projectFile(folder);
  await build({
    stdin: { contents: exports, resolveDir: join(import.meta.dirname, '..', '..', 'src') },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // Its native module is found from where it lies.
    plugins: [
      {
        name: 'installed',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^onnxruntime-node$/ }, () => ({
            path: resolve('onnxruntime-node'),
            external: true,
          })),
      },
    ],
    outfile,
    logLevel: 'error',
  });
  return createRequire(import.meta.url)(outfile);
}
