import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';

/** The files of the installed extension, with their sizes. */
function installed(): Map<string, number> {
  const root = extensionFolder();
  return new Map(
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((file) => statSync(join(root, file)).isFile())
      .map((file) => [file, statSync(join(root, file)).size]),
  );
}

function extensionFolder(): string {
  const extensions = inject('extensions');
  const name = readdirSync(extensions).find((entry) => entry.startsWith('eigenloom.'));
  if (name === undefined) throw new Error('the extension is not installed');
  return join(extensions, name);
}

describe('the packed extension', () => {
  let files: Map<string, number>;
  beforeAll(() => {
    files = installed();
  });

  it('holds what it runs', () => {
    for (const file of [
      'dist/extension.js',
      'dist/trainer.js',
      'dist/webview/curves.js',
      'dist/webview/curves.css',
      'dist/webview/tokens.js',
      'dist/webview/tokens.css',
      'dist/webview/spectra.js',
      'dist/webview/spectra.css',
      'dist/webview/ranks.js',
      'dist/webview/ranks.css',
      'dist/THIRD_PARTY_NOTICES.txt',
      'media/sample/lamda.tune.yaml',
      'media/sample/model/model.safetensors',
      // Without it Node takes the CommonJS files beside it for ES modules.
      'node_modules/onnxruntime-common/dist/cjs/package.json',
    ]) {
      expect(files.has(file), file).toBe(true);
    }
  });

  it('holds nothing else', () => {
    const superfluous = [...files.keys()].filter(
      (file) =>
        /\.(?:map|ts)$/u.test(file) ||
        /^(?:src|test|webview|\.packaging)\/|sample\/(?:make|runs)\//u.test(file),
    );
    expect(superfluous).toEqual([]);
    const packages = new Set(
      [...files.keys()].filter((file) => file.startsWith('node_modules/')).map((file) => file.split('/')[1]),
    );
    expect([...packages].sort()).toEqual(['onnxruntime-common', 'onnxruntime-node']);
  });

  it('holds the binaries of this platform alone', () => {
    const platforms = new Set(
      [...files.keys()]
        .filter((file) => file.includes('/bin/napi-v6/'))
        .map((file) => file.split('/').slice(-3, -1).join('-')),
    );
    expect([...platforms]).toEqual([`${process.platform}-${process.arch}`]);
  });

  it('names every package that it holds parts of, with its licence', () => {
    const notices = readFileSync(join(extensionFolder(), 'dist', 'THIRD_PARTY_NOTICES.txt'), 'utf8');
    for (const name of ['onnxruntime-node', 'chart.js', 'yaml', 'typebox', '@vscode/webview-ui-toolkit']) {
      expect(notices).toMatch(new RegExp(`^${name} \\d`, 'mu'));
    }
  });

  it('loads onnxruntime from where it lies', () => {
    const said = execFileSync(
      process.execPath,
      ['-e', "const ort = require('onnxruntime-node'); console.log(typeof ort.InferenceSession.create)"],
      { cwd: extensionFolder(), encoding: 'utf8' },
    );
    expect(said.trim()).toBe('function');
  });

  it('stays small', () => {
    const megabytes = statSync(inject('vsix')).size / 2 ** 20;
    console.log(`VSIX: ${megabytes.toFixed(1)} MB`);
    expect(megabytes).toBeLessThan(30);
  });
});
