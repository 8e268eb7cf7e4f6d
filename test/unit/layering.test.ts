import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..', '..');

/** One import: which layer it stands in, and what it names. */
interface Import {
  readonly file: string;
  readonly layer: string;
  /** A layer of the project, or the name of a package (with `node:` for Node's own). */
  readonly target: string;
  readonly typesOnly: boolean;
}

/** The layers, the longer path first; a file belongs to the first that it lies under. */
const LAYERS = [
  'src/engine/graph',
  'src/engine/autodiff',
  'src/engine/spectra',
  'src/engine/adapters',
  'src/engine/models',
  'src/engine/training',
  'src/base',
  'src/runtime',
  'src/weights',
  'src/data',
  'src/runs',
  'src/protocol',
  'src/launch',
  'src/plan',
  'src/trainer',
  'src/extension',
  'webview',
] as const;
type Layer = (typeof LAYERS)[number];

const ENGINE = LAYERS.filter((layer) => layer.startsWith('src/engine/'));
const allBut = (...others: Layer[]): Layer[] =>
  LAYERS.filter((layer) => layer !== 'webview' && !others.includes(layer));

/** What each layer may import besides itself. */
const MAY_IMPORT: Record<Layer, readonly Layer[]> = {
  'src/base': [],
  'src/engine/graph': ['src/base'],
  'src/engine/autodiff': ['src/base', 'src/engine/graph'],
  'src/engine/spectra': ['src/base', 'src/engine/graph'],
  'src/engine/adapters': ['src/base', 'src/engine/graph', 'src/engine/spectra'],
  'src/engine/models': ['src/base', 'src/engine/graph'],
  'src/engine/training': ['src/base', ...ENGINE],
  'src/runtime': ['src/base', ...ENGINE],
  'src/weights': ['src/base', ...ENGINE],
  'src/data': ['src/base', ...ENGINE],
  'src/runs': ['src/base', 'src/protocol'],
  'src/protocol': ['src/base'],
  'src/launch': ['src/base', 'src/protocol', 'src/runs'],
  'src/plan': ['src/base', 'src/protocol', ...ENGINE],
  'src/trainer': allBut('src/extension'),
  'src/extension': allBut('src/runtime', 'src/trainer'),
  webview: ['src/base', 'src/protocol'],
};

/** What a layer may import for its types alone. */
const MAY_IMPORT_TYPES: Partial<Record<Layer, readonly Layer[]>> = { 'src/protocol': ENGINE };

/** Packages that only one layer may import. */
const ONLY_IN: Record<string, Layer> = { 'onnxruntime-node': 'src/runtime', vscode: 'src/extension' };

/** Layers that run anywhere: nothing of Node in them. */
const WITHOUT_NODE: readonly string[] = ['src/base', 'webview', ...ENGINE];

function sourceFiles(): string[] {
  return ['src', 'webview'].flatMap((folder) => {
    try {
      return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.tsx?$/u.test(entry.name))
        .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
    } catch {
      return [];
    }
  });
}

function posix(path: string): string {
  return path.split(sep).join('/');
}

function layerOf(path: string): Layer | undefined {
  return LAYERS.find((layer) => path === layer || path.startsWith(`${layer}/`));
}

/** Every import and re-export of a source text, and every call of `import()` and `require()`. */
function importsOf(file: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Expression | undefined, typesOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const name = specifier.text;
    const path = name.startsWith('.') ? posix(normalize(join(dirname(file), name))) : undefined;
    const target = path === undefined ? name : (layerOf(path) ?? path);
    found.push({ file: posix(file), layer: layerOf(posix(file)) ?? posix(file), target, typesOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(
        node.moduleSpecifier,
        node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword || onlyTypes(node),
      );
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      if (ts.isStringLiteral(node.argument.literal)) add(node.argument.literal, true);
    } else if (ts.isCallExpression(node)) {
      const called = node.expression;
      const isRequire = ts.isIdentifier(called) && called.text === 'require';
      if (isRequire || called.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

function onlyTypes(node: ts.ImportDeclaration): boolean {
  const bindings = node.importClause?.namedBindings;
  if (node.importClause?.name !== undefined || bindings === undefined || !ts.isNamedImports(bindings))
    return false;
  return bindings.elements.length > 0 && bindings.elements.every((element) => element.isTypeOnly);
}

/** What is wrong with an import; undefined where it is allowed. */
function breach({ file, layer, target, typesOnly }: Import): string | undefined {
  const from = layerOf(layer);
  if (from === undefined) return `${file}: stands in no layer`;
  const to = layerOf(target);
  if (to !== undefined) {
    const types = typesOnly ? (MAY_IMPORT_TYPES[from] ?? []) : [];
    const allowed = from === to || MAY_IMPORT[from].includes(to) || types.includes(to);
    return allowed ? undefined : `${file}: ${from} may not import ${to}`;
  }
  if (
    target.includes('/') &&
    (target.startsWith('src') || target.startsWith('test') || target.startsWith('..'))
  ) {
    return `${file}: imports ${target}, which stands in no layer`;
  }
  const owner = Object.entries(ONLY_IN).find(([name]) => target === name || target.startsWith(`${name}/`));
  if (owner !== undefined && owner[1] !== from) return `${file}: only ${owner[1]} may import ${owner[0]}`;
  if (WITHOUT_NODE.includes(from) && isNodeModule(target)) {
    return `${file}: ${from} may not import ${target}`;
  }
  return from === 'src/base' ? `${file}: src/base imports nothing` : undefined;
}

function isNodeModule(name: string): boolean {
  return name.startsWith('node:') || NODE_MODULES.has(name);
}

const NODE_MODULES = new Set([
  'fs',
  'path',
  'os',
  'crypto',
  'child_process',
  'worker_threads',
  'util',
  'url',
  'process',
]);

describe('the layers', () => {
  const files = sourceFiles();

  it('are kept by every import', () => {
    const imports = files.flatMap((file) => importsOf(file, readFileSync(join(ROOT, file), 'utf8')));
    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(files.length);
    expect(imports.flatMap((found) => breach(found) ?? [])).toEqual([]);
  });

  it.each([
    ['src/engine/graph/a.ts', "import { readFileSync } from 'node:fs';", 'may not import node:fs'],
    ['src/engine/training/a.ts', "import fs from 'fs';", 'may not import fs'],
    ['src/engine/models/a.ts', "export * from '../autodiff/b';", 'may not import src/engine/autodiff'],
    ['src/base/a.ts', "import x from 'yaml';", 'imports nothing'],
    ['src/trainer/a.ts', "import * as ort from 'onnxruntime-node';", 'only src/runtime'],
    ['src/runtime/a.ts', "import type { Uri } from 'vscode';", 'only src/extension'],
    ['src/data/a.ts', "import type { X } from '../protocol/b';", 'may not import src/protocol'],
    ['src/extension/a.ts', "const x = await import('../trainer/b');", 'may not import src/trainer'],
    ['src/extension/a.ts', "const x = require('../runtime/b');", 'may not import src/runtime'],
    ['src/protocol/a.ts', "import { x } from '../engine/graph/types';", 'may not import src/engine/graph'],
    ['src/engine/graph/a.ts', "let x: import('../training/b').B;", 'may not import src/engine/training'],
    ['src/trainer/a.ts', "import x from '../../test/b';", 'in no layer'],
    ['src/other/a.ts', "import x from '../base/b';", 'stands in no layer'],
    ['webview/panel/a.ts', "import x from '../../src/runs/b';", 'may not import src/runs'],
  ])('%s: %s', (file, text, message) => {
    expect(
      importsOf(file, text)
        .flatMap((found) => breach(found) ?? [])
        .join(),
    ).toContain(message);
  });

  it('let through what is allowed', () => {
    const allowed = [
      importsOf(
        'src/protocol/a.ts',
        "import type { X } from '../engine/graph/types'; import { Y } from 'ajv';",
      ),
      importsOf('src/protocol/a.ts', "import { type X } from '../engine/graph/types';"),
      importsOf('src/trainer/a.ts', "import { x } from '../runtime/b'; import y from '../../package.json';"),
      importsOf(
        'src/runtime/a.ts',
        "import * as ort from 'onnxruntime-node'; import { join } from 'node:path';",
      ),
    ].flat();
    expect(allowed).toHaveLength(7);
    expect(allowed.flatMap((found) => breach(found) ?? [])).toEqual([]);
  });
});
