// What the build holds of others: their names, versions, licences and whole licence texts.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const HEAD = `Eigenloom holds the packages below, or parts of them. Each is under its own licence, which follows its name.`;

const LICENCE_FILE = /^(licen[cs]e|copying|notice|third.?party.?notices?)([.-].*)?$/iu;

/** Holders of the rights in packages that come without a licence file, where their author field does not say. */
const HOLDERS = {
  '@bufbuild/protobuf': 'Buf Technologies, Inc.; Google Inc. (parts, under BSD-3-Clause)',
  'onnxruntime-common': 'Microsoft Corporation',
  'onnxruntime-node':
    'Microsoft Corporation\n(what the library itself holds: https://github.com/microsoft/onnxruntime/blob/main/ThirdPartyNotices.txt)',
};

/** The folders of the packages that `inputs` come from: files relative to `root`, as in esbuild's metafiles. */
export function packagesOf(inputs, root) {
  const folders = new Set();
  for (const input of inputs) {
    const parts = input.split('/');
    const at = parts.lastIndexOf('node_modules');
    if (at === -1) continue;
    const words = parts[at + 1]?.startsWith('@') ? 2 : 1;
    folders.add(join(root, ...parts.slice(0, at + 1 + words)));
  }
  return [...folders];
}

/** One text for all of them, by name. Throws for a package whose licence is not known: such a one is not shipped. */
export function notices(folders) {
  const rule = '-'.repeat(80);
  const blocks = folders
    .map(noticeOf)
    .sort((a, b) => a.title.localeCompare(b.title, 'en'))
    .map(({ title, body }) => `${rule}\n${title}\n${rule}\n\n${body}`);
  return `${HEAD}\n\n${blocks.join('\n\n')}\n`;
}

function noticeOf(folder) {
  const { name, version, license, author, homepage, repository } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  if (typeof license !== 'string') {
    throw new Error(`${name} ${version} names no licence: look at it before it is shipped`);
  }
  const texts = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && LICENCE_FILE.test(entry.name))
    .map((entry) => readFileSync(join(folder, entry.name), 'utf8').trim());
  if (texts.length === 0) texts.push(...standardTexts(license, HOLDERS[name] ?? holderOf(author), name));
  const source = homepage ?? (typeof repository === 'string' ? repository : repository?.url);
  const head = [`Licence: ${license}`, ...(source === undefined ? [] : [`Source: ${source}`])].join('\n');
  return { title: `${name} ${version}`, body: [head, ...texts].join('\n\n') };
}

/** The texts of the licences that a package names without giving them. */
function standardTexts(license, holder, name) {
  return license.split(/[()\s]+(?:AND|OR)?[()\s]*/u).flatMap((id) => {
    if (id === '') return [];
    const file = join(import.meta.dirname, 'licences', `${id}.txt`);
    if (!existsSync(file)) {
      throw new Error(`${name} comes without its licence: put the text of ${id} into .packaging/licences`);
    }
    return [
      readFileSync(file, 'utf8')
        .trim()
        .replaceAll('{holder}', holder ?? `the authors of ${name}`),
    ];
  });
}

function holderOf(author) {
  const text = typeof author === 'string' ? author : author?.name;
  return text?.replace(/\s*[<(].*$/u, '');
}
