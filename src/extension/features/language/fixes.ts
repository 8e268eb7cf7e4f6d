import { pathsOfKey } from '../../../protocol/experiment/schema/input';
import { EXPERIMENT_SCHEMA } from '../../../protocol/experiment/validate';
import { type Analysis, analyse } from './analysis';
import { type Edit, insertKey, removeItem, removeKey } from './edits';
import { type Entry, entryOf } from './entries';
import { exclusiveSides } from './exclusive';
import type { Problem } from './problems';
import { keyEdits } from './setKeys';
import { isList, schemaOf, wordsOf, yamlText } from './schema';

/** A way to mend a problem. It changes only what it must. */
export interface Fix {
  readonly title: string;
  readonly edits: readonly Edit[];
  /** The one that is meant, most likely. */
  readonly preferred?: boolean;
}

/** More words than this are no choice to put into a menu. */
const MOST_WORDS = 6;

/** The ways to mend a problem, the likeliest first. */
export function fixesFor(problem: Problem, analysis: Analysis): readonly Fix[] {
  const fixes = byCode(problem, analysis);
  const ways = (problem.ways ?? []).map(({ title, changes }, i) => ({
    title,
    edits: keyEdits(analysis, changes),
    preferred: fixes.length === 0 && i === 0,
  }));
  return [...fixes, ...ways.filter(({ edits }) => edits.length > 0)];
}

function byCode(problem: Problem, analysis: Analysis): readonly Fix[] {
  const path = problem.path.map(String);
  switch (problem.code) {
    case 'unknown-key':
      return unknownKey(problem, path, analysis);
    case 'wrong-value':
      return wrongValue(problem, path, analysis);
    case 'missing-key':
      return inserted(path, analysis);
    case 'no-effect':
    case 'misplaced':
      return removed(path, analysis, true);
    case 'exclusive':
      return exclusive(path, analysis);
    case 'lacks-partner':
      return inserted(path.at(-1) === 'prompt' ? ['data', 'completion'] : ['data', 'prompt'], analysis);
    case 'no-form':
      return rowForms(analysis);
    case 'unsupported':
      return onlyWord(problem, path, analysis);
    case 'no-such-module':
      return [...meant(problem), ...withoutModule(problem, path, analysis)];
    case 'no-such-file':
    case 'no-such-column':
    case 'too-large':
      return meant(problem);
    default:
      return [];
  }
}

function meant({ meant: word, span }: Problem): readonly Fix[] {
  if (word === undefined) return [];
  return [{ title: `Change to ${word}`, edits: [{ ...span, text: word }], preferred: true }];
}

/** Takes out a name that means no module, where others are left. */
function withoutModule({ span }: Problem, path: readonly string[], analysis: Analysis): readonly Fix[] {
  const written = analysis.text.slice(span.start, span.end);
  const edit = path.length > 2 ? removeKey(analysis, path) : removeItem(analysis, path, span);
  return edit === undefined ? [] : [{ title: `Remove ${written}`, edits: [edit] }];
}

function unknownKey({ meant: word }: Problem, path: readonly string[], analysis: Analysis): readonly Fix[] {
  const entry = entryOf(analysis.entries, path);
  if (entry === undefined) return [];
  const fixes: Fix[] = [];
  if (word !== undefined) {
    fixes.push({ title: `Rename to ${word}`, edits: [{ ...entry.keySpan, text: word }], preferred: true });
  }
  for (const elsewhere of pathsOfKey(EXPERIMENT_SCHEMA, entry.key))
    fixes.push(...movedTo(entry, elsewhere, analysis));
  return [...fixes, ...removed(path, analysis, false)];
}

/** Moves a key with a value of one line to where it belongs. */
function movedTo(entry: Entry, to: readonly string[], analysis: Analysis): readonly Fix[] {
  const { text, entries } = analysis;
  if (entry.kind === 'section' || entryOf(entries, to) !== undefined) return [];
  const value = entry.valueSpan === undefined ? '' : text.slice(entry.valueSpan.start, entry.valueSpan.end);
  if (value.includes('\n')) return [];
  const taken = removeKey(analysis, entry.path.map(String));
  if (taken === undefined) return [];
  // Where it goes is looked for in the text without it: its own line is no place to put it behind.
  const rest = analyse(text.slice(0, taken.start) + text.slice(taken.end), analysis.file);
  const put = insertKey(rest, to, escaped(value));
  if (put === undefined) return [];
  const offset = put.start <= taken.start ? 0 : taken.end - taken.start;
  const moved = { ...put, start: put.start + offset, end: put.end + offset };
  return [{ title: `Move to ${to.join('.')}`, edits: [taken, moved], preferred: true }];
}

function wrongValue(problem: Problem, path: readonly string[], analysis: Analysis): readonly Fix[] {
  const schema = schemaOf(path);
  if (schema === undefined) return [];
  const { span } = problem;
  const words = schema.type === 'boolean' ? ['true', 'false'] : wordsOf(schema).map(({ word }) => word);
  const fixes: Fix[] =
    words.length > MOST_WORDS || (isList(schema) && problem.meant === undefined)
      ? []
      : words.map((word) => ({
          title: `Change to ${word}`,
          edits: [{ ...span, text: word }],
          preferred: word === problem.meant,
        }));
  if ('default' in schema && fixes.length === 0) {
    const fallback = yamlText(schema.default);
    fixes.push({ title: `Change to the default, ${fallback}`, edits: [{ ...span, text: fallback }] });
  }
  const quoted = quote(path, analysis);
  return [...fixes, ...(schema.type === 'string' && quoted !== undefined ? [quoted] : [])].sort(
    (a, b) => Number(b.preferred === true) - Number(a.preferred === true),
  );
}

/** Text that begins with a brace reads as a map: quotes make it text again. */
function quote(path: readonly string[], { entries, text }: Analysis): Fix | undefined {
  const span = entryOf(entries, path)?.valueSpan;
  if (span === undefined) return undefined;
  const written = text.slice(span.start, span.end);
  if (written.includes('\n')) return undefined;
  return { title: 'Put it in quotes', edits: [{ ...span, text: JSON.stringify(written) }], preferred: true };
}

function inserted(path: readonly string[], analysis: Analysis): readonly Fix[] {
  const edit = insertKey(analysis, path, placeholder(path));
  if (edit === undefined) return [];
  const section = path.length > 1 && entryOf(analysis.entries, path.slice(0, -1)) === undefined;
  const title = section
    ? `Add the section ${path.slice(0, -1).join('.')} with ${path.at(-1) ?? ''}`
    : `Add ${path.join('.')}`;
  return [{ title, edits: [edit], preferred: true }];
}

/** What stands for a value until it is written. */
function placeholder(path: readonly string[]): string {
  const schema = schemaOf(path) ?? {};
  switch (path.join('.')) {
    case 'model':
      return '${1:path/to/model}';
    case 'data.train':
      return '${1:path/to/train.jsonl}';
    case 'data.text':
      return '"{${1:text}}"';
    case 'data.prompt':
      return '"{${1:question}}\\\\n"';
    case 'data.completion':
      return '"{${1:answer}}"';
    default:
      break;
  }
  if (schema.type === 'object') {
    const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
    const inner = required.map((key) => `\n  ${key}: ${placeholder([...path, key])}`).join('');
    const form = path.join('.') === 'data' ? '\n  text: "{${2:text}}"' : '';
    return inner + form === '' ? '\n  $0' : inner + form;
  }
  return 'default' in schema ? `\${1:${yamlText(schema.default)}}` : '$1';
}

function removed(path: readonly string[], analysis: Analysis, preferred: boolean): readonly Fix[] {
  const edit = removeKey(analysis, path);
  return edit === undefined ? [] : [{ title: `Remove ${path.join('.')}`, edits: [edit], preferred }];
}

/** Of keys that exclude each other any may stay: each fix removes all of one side. */
function exclusive(path: readonly string[], analysis: Analysis): readonly Fix[] {
  return exclusiveSides(path.join('.'), analysis.entries).map((side) => ({
    title: `Remove ${side.map((entry) => entry.path.join('.')).join(' and ')}`,
    edits: side.flatMap((entry) => removeKey(analysis, entry.path.map(String)) ?? []),
  }));
}

function rowForms(analysis: Analysis): readonly Fix[] {
  const line = (key: string, number: number): string =>
    placeholder(['data', key]).replace('${1:', `\${${number}:`);
  const pair = `${line('prompt', 1)}\n${keyLine('completion', line('completion', 2))}`;
  const forms = [
    ['Add data.text', 'text', line('text', 1)],
    ['Add data.prompt and data.completion', 'prompt', pair],
    ['Add data.chat', 'chat', '${1:messages}'],
  ] as const;
  return forms.flatMap(([title, key, value], i) => {
    const edit = insertKey(analysis, ['data', key], value);
    return edit === undefined ? [] : [{ title, edits: [edit], preferred: i === 0 }];
  });
}

function keyLine(key: string, value: string): string {
  return `${key}: ${value}`;
}

/** What is not there yet leaves one word, as a rule: the default. */
function onlyWord({ span }: Problem, path: readonly string[], analysis: Analysis): readonly Fix[] {
  const schema = schemaOf(path) ?? {};
  const fallback = 'default' in schema ? yamlText(schema.default) : undefined;
  if (fallback === undefined || wordsOf(schema).length === 0 || entryOf(analysis.entries, path) === undefined)
    return [];
  return [{ title: `Change to ${fallback}`, edits: [{ ...span, text: fallback }] }];
}

/** Text as a snippet that is written as it is. */
function escaped(text: string): string {
  return text.replaceAll(/[\\$}]/gu, String.raw`\$&`);
}
