import { isRecord } from '../../../base/guards';
import type { DataInfo, ModelInfo } from '../../../protocol/inspector';
import { keysOf } from '../../../protocol/experiment/schema/input';
import { resolveExperiment } from '../../../protocol/experiment/resolve';
import { countText } from '../inline/texts';
import type { Analysis } from './analysis';
import { type Entry, entryAt, type Span } from './entries';
import type { Answer } from './facts';
import { namedColumns, namedPaths, type NamedPath } from './named';
import { keyHelp, schemaOf, yamlText } from './schema';
import { codeBlock } from './suggest/columns';
import type { World } from './checks';

/** What is shown of the thing under the mouse, in Markdown. */
export interface HoverText {
  readonly span: Span;
  readonly parts: readonly string[];
}

/** What a key means and does, and of a path what it names; undefined where there is nothing to say. */
export async function hoverAt(
  analysis: Analysis,
  offset: number,
  world: Pick<World, 'kind' | 'model' | 'data'>,
): Promise<HoverText | undefined> {
  const entry = entryAt(analysis.entries, offset);
  if (entry === undefined) return undefined;
  const path = namedPaths(analysis).find(({ span }) => offset >= span.start && offset <= span.end);
  const onKey = offset <= entry.keySpan.end;
  const help = describeKey(entry, analysis);
  if (path === undefined || onKey) {
    const all = onKey ? namedPaths(analysis).filter(({ key }) => key === entry.path.join('.')) : [];
    if (help === undefined) return undefined;
    const named = await Promise.all(all.slice(0, 3).map((each) => describePath(each, analysis, world)));
    return { span: entry.keySpan, parts: [help, ...named.flatMap((part) => part ?? [])] };
  }
  const described = await describePath(path, analysis, world);
  const parts = [described, help].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : { span: path.span, parts };
}

function describeKey(entry: Entry, analysis: Analysis): string | undefined {
  const help = keyHelp(entry.path);
  if (help === undefined) return undefined;
  const { description, allowed, defaultText, unit, section } = help;
  const lines = [
    `**${entry.path.join('.')}**${section ? '' : ` — ${allowed}${unit === undefined ? '' : ` (${unit})`}`}`,
  ];
  lines.push(description);
  if (defaultText !== undefined) lines.push(`Default: \`${defaultText}\``);
  if (section) {
    const rest = defaultsOf(entry, analysis);
    if (rest.length > 0) lines.push(`Not given, so in effect: ${rest.join(', ')}`);
  }
  return lines.join('\n\n');
}

/** The keys of a section that the file leaves out, with the values that they have all the same. */
function defaultsOf({ path, children }: Entry, analysis: Analysis): string[] {
  const given = new Set(children.map(({ key }) => key));
  const values = effectiveValues(analysis);
  let section: unknown = values;
  for (const step of path) section = isRecord(section) ? section[String(step)] : undefined;
  return keysOf(schemaOf(path) ?? {}).flatMap((key) => {
    if (given.has(key)) return [];
    const known = isRecord(section) ? section[key] : undefined;
    if (isRecord(known)) return [];
    const value = isRecord(section)
      ? known === undefined
        ? undefined
        : yamlText(known)
      : keyHelp([...path, key])?.defaultText;
    return value === undefined ? [] : [`\`${key}: ${value}\``];
  });
}

/** The experiment as a run would read it, defaults that depend on other keys as well; undefined while it has faults. */
function effectiveValues({ parsed }: Analysis): unknown {
  return parsed.values === undefined ? undefined : resolveExperiment(parsed.values, '', (path) => path);
}

async function describePath(
  path: NamedPath,
  analysis: Analysis,
  { kind, model, data }: Pick<World, 'kind' | 'model' | 'data'>,
): Promise<string | undefined> {
  if (path.kind === 'adapter' || (await kind(path.absolute)) === 'none') return undefined;
  if (path.kind === 'model') return describe(await model(path.absolute), describeModel);
  return describe(await data(path.absolute, namedColumns(analysis)), describeData);
}

function describe<T>(answer: Answer<T> | undefined, words: (info: T) => string): string | undefined {
  if (answer === undefined) return undefined;
  return 'error' in answer ? escapeMarkdown(answer.error.message) : words(answer.info);
}

function describeModel(info: ModelInfo): string {
  const { architecture, layers, parameters, modules, vocabulary, positions, has_chat_template: chat } = info;
  return [
    `**${escapeMarkdown(architecture)}**, ${countText(parameters)} parameters`,
    `${layers} layers · ${vocabulary.toLocaleString('en')} tokens · up to ${positions.toLocaleString('en')} positions · ${chat ? 'has a chat template' : 'no chat template'}`,
    [
      '| module | matrices |',
      '|---|---|',
      ...modules.map(({ name, count: n, rows, columns }) => `| \`${name}\` | ${n} × [${rows}, ${columns}] |`),
    ].join('\n'),
  ].join('\n\n');
}

function describeData({ columns, rows, count: total }: DataInfo): string {
  const [first] = rows;
  const head = `${total === undefined ? 'Rows' : `${total.toLocaleString('en')} rows`} with ${columns.length === 1 ? 'the column' : 'the columns'} ${columns.map((column) => `\`${column}\``).join(', ')}`;
  if (first === undefined) return head;
  const text = Object.entries(first)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
  return `${head}. The first:\n\n${codeBlock(text)}`;
}

function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]()#+.!|<>~-]/gu, String.raw`\$&`);
}
