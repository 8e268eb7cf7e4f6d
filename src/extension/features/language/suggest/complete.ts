import type { Analysis } from '../analysis';
import { contextAt, type Context } from '../context';
import type { World } from '../checks';
import type { Span } from '../entries';
import { namedColumns, namedPaths } from '../named';
import { suggestChats, suggestColumns, suggestTemplates } from './columns';
import { suggestExperiments } from './experiments';
import { suggestKeys } from './keys';
import { suggestModuleLists, suggestModules } from './modules';
import { type ListFolder, PATH_KEYS, suggestPaths } from './paths';
import type { Suggestion } from './suggestion';
import { suggestValues } from './values';

/** What may be written at a cursor, and the word that it takes the place of. */
export interface Completion {
  readonly span: Span;
  readonly suggestions: readonly Suggestion[];
}

/** What a completion asks about the files that the experiment names. */
export type CompletionWorld = Pick<World, 'model' | 'data'> & { readonly list: ListFolder };

const TEMPLATES = new Set(['data.text', 'data.prompt', 'data.completion']);

/** Suggests keys, values, paths, columns or modules; undefined where nothing can stand. */
export async function completeAt(
  analysis: Analysis,
  offset: number,
  world: CompletionWorld,
): Promise<Completion | undefined> {
  const context = contextAt(analysis.lines, offset);
  if (context === undefined) return undefined;
  return { span: context.span, suggestions: await suggestionsFor(context, analysis, offset, world) };
}

async function suggestionsFor(
  context: Context,
  analysis: Analysis,
  offset: number,
  world: CompletionWorld,
): Promise<readonly Suggestion[]> {
  switch (context.kind) {
    case 'key': {
      const empty = context.path.length === 0 && context.taken.length === 0 && !context.flow;
      return [...(empty ? suggestExperiments() : []), ...suggestKeys(context)];
    }
    case 'column': {
      const data = await trainingData(analysis, world);
      return data === undefined ? [] : suggestColumns(data, context.closed);
    }
    case 'value':
      return valuesFor(context, analysis, offset, world);
  }
}

async function valuesFor(
  context: Extract<Context, { kind: 'value' }>,
  analysis: Analysis,
  offset: number,
  world: CompletionWorld,
): Promise<readonly Suggestion[]> {
  const key = context.path.join('.');
  const kind = Object.hasOwn(PATH_KEYS, key) ? PATH_KEYS[key] : undefined;
  if (kind !== undefined) {
    const written = analysis.text.slice(context.span.start, offset);
    const paths = await suggestPaths(kind, written, analysis.file, world.list);
    const safe = paths.map((path) => ({
      ...path,
      insert: context.quoted ? path.insert : plain(path.insert),
    }));
    return [...safe, ...(kind === 'adapter' ? suggestValues(context) : [])];
  }
  if (TEMPLATES.has(key)) {
    const data = await trainingData(analysis, world);
    return data === undefined ? [] : suggestTemplates(data, context.quoted);
  }
  if (key === 'data.chat') {
    const data = await trainingData(analysis, world);
    return data === undefined ? [] : suggestChats(data);
  }
  const values = suggestValues(context);
  if (key !== 'adapter.target_modules') return values;
  const model = namedPaths(analysis).find((path) => path.key === 'model');
  const answer = model === undefined ? undefined : await world.model(model.absolute);
  if (answer === undefined || 'error' in answer) return values;
  const { info } = answer;
  return context.item
    ? suggestModules(info, context.others)
    : [...values, ...(context.quoted ? [] : suggestModuleLists(info))];
}

/** What the first training file holds, where it can be read. */
async function trainingData(analysis: Analysis, world: CompletionWorld) {
  const file = namedPaths(analysis).find(({ key }) => key === 'data.train');
  const answer = file === undefined ? undefined : await world.data(file.absolute, namedColumns(analysis));
  return answer === undefined || 'error' in answer ? undefined : answer.info;
}

/** A path as a YAML value: in quotes where it would read as something else. */
function plain(path: string): string {
  return /^[\w./~\\-][^#:]*$/u.test(path) && path.trim() === path ? path : JSON.stringify(path);
}
