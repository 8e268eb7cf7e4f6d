import { basename, dirname } from 'node:path';
import { InputError, type ErrorFacts } from '../../../base/errors';
import { nearest } from '../../../base/nearest';
import type { AdaptedLayer } from '../../../engine/adapters/layer';
import { checkRanks, selectModules } from '../../../engine/adapters/targets';
import type { DataInfo, ModelInfo } from '../../../protocol/inspector';
import { type KeyPath, pathOf } from '../../../protocol/experiment/source';
import type { Analysis } from './analysis';
import { type Entry, entryOf, type Span, textsOf } from './entries';
import type { Answer } from './facts';
import { namedColumns, namedPaths, type NamedPath, usedColumns } from './named';
import { type Problem, sentenceOf } from './problems';
import { schemaOf } from './schema';

/** What can be asked about the files that an experiment names; what cannot be told is undefined. */
export interface World {
  readonly kind: (path: string) => Promise<'file' | 'folder' | 'none'>;
  /** The names in a folder. */
  readonly names: (folder: string) => Promise<readonly string[]>;
  readonly model: (path: string) => Promise<Answer<ModelInfo> | undefined>;
  readonly data: (path: string, columns: readonly string[]) => Promise<Answer<DataInfo> | undefined>;
}

/** Everything in a file that only the files it names show to be wrong: paths, columns, target modules, ranks. */
export async function checkWorld(analysis: Analysis, world: World): Promise<readonly Problem[]> {
  const paths = namedPaths(analysis);
  const missing = await Promise.all(paths.map((path) => checkPath(path, world)));
  const there = paths.filter((_, i) => missing[i] === undefined);
  const model = there.find(({ key }) => key === 'model');
  const found = await Promise.all([
    model === undefined ? [] : checkModel(analysis, model, world),
    ...there.filter(({ kind }) => kind === 'data').map((path) => checkData(analysis, path, world)),
  ]);
  return [...missing.flatMap((problem) => problem ?? []), ...distinct(found.flat())];
}

/** Two data files may lack the same column: it is told once. */
function distinct(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter(
    ({ span, code }, i) =>
      problems.findIndex((other) => other.span.start === span.start && other.code === code) === i,
  );
}

const EXPECTED = {
  model: 'a folder in Hugging Face form, or a .gguf',
  data: 'a data file',
  adapter: 'a PEFT adapter folder',
} as const;

async function checkPath(path: NamedPath, { kind, names }: World): Promise<Problem | undefined> {
  const { absolute, text, span, key } = path;
  const found = await kind(absolute);
  const wanted =
    path.kind === 'data' || (path.kind === 'model' && /\.(?:gguf|onnx)$/iu.test(text)) ? 'file' : 'folder';
  if (found === wanted) return undefined;
  if (found !== 'none') {
    return problem(
      { what: `this is a ${found}`, expected: EXPECTED[path.kind], code: 'wrong-file' },
      key,
      span,
    );
  }
  const near = nearest(basename(absolute), await names(dirname(absolute)));
  const written = text.replace(/\/+$/u, '');
  const meant = near === undefined ? undefined : written.slice(0, written.lastIndexOf('/') + 1) + near;
  return problem(
    {
      what: `there is no ${wanted} '${text}'`,
      expected: EXPECTED[path.kind],
      code: 'no-such-file',
      meant,
      remedy: meant === undefined ? undefined : `Did you mean ${meant}?`,
    },
    key,
    span,
  );
}

async function checkModel(
  analysis: Analysis,
  { absolute, span }: NamedPath,
  world: World,
): Promise<Problem[]> {
  const answer = await world.model(absolute);
  if (answer === undefined) return [];
  if ('error' in answer) return [problem(withoutPlace(answer.error.facts), 'model', span)];
  const layers = layersOf(answer.info);
  return [...checkModules(analysis, layers, span), ...checkLength(analysis, answer.info)];
}

/** The targets that match nothing, each where it stands, and ranks that the smallest matrix has no room for. */
function checkModules(analysis: Analysis, layers: readonly AdaptedLayer[], model: Span): Problem[] {
  const { entries } = analysis;
  const method = valueOf(entries, ['adapter', 'method']);
  if (method === 'full') return [];
  const entry = entryOf(entries, ['adapter', 'target_modules']);
  const targets = entry?.kind === 'list' ? textsOf(entry) : [];
  const problems: Problem[] = [];
  const matched = new Set<AdaptedLayer>();
  for (const { text, span } of targets) {
    const outcome = attempt(() => selectModules(layers, [text]));
    if ('error' in outcome) {
      problems.push(noSuchModule(outcome.error, text, layers, 'adapter.target_modules', span));
    } else for (const layer of outcome.value) matched.add(layer);
  }
  const chosen = targets.length === 0 ? layers : layers.filter((layer) => matched.has(layer));
  // Of lamda++ the rank is a mean: its candidates are cut to what a matrix has.
  return method === 'lamda++'
    ? [...problems, ...checkPins(entries, chosen)]
    : [...problems, ...checkRank(entries, chosen, model)];
}

function noSuchModule(
  facts: ErrorFacts,
  text: string,
  layers: readonly AdaptedLayer[],
  key: string,
  span: Span,
): Problem {
  const meant = nearest(text, new Set(layers.map(({ kind }) => kind)));
  return problem({ ...facts, code: 'no-such-module', meant }, key, span);
}

/** One rank for all: it stands in the file, or is the default. */
function checkRank(entries: readonly Entry[], chosen: readonly AdaptedLayer[], model: Span): Problem[] {
  const written = entryOf(entries, ['adapter', 'rank']);
  const rank = valueOf(entries, ['adapter', 'rank']);
  if (typeof rank !== 'number') return [];
  const outcome = attempt(() => checkRanks(chosen, rank));
  if (!('error' in outcome)) return [];
  const place = written?.valueSpan ?? entryOf(entries, ['adapter'])?.keySpan ?? model;
  const limit = String(smallest(chosen));
  const found = problem(
    { ...outcome.error, code: 'too-large', meant: written === undefined ? undefined : limit },
    'adapter.rank',
    place,
  );
  if (written !== undefined) return [found];
  const changes = [{ path: ['adapter', 'rank'], value: limit }];
  return [{ ...found, ways: [{ title: `Set adapter.rank to ${limit}`, changes }] }];
}

/** Ranks that are set by hand: each names modules that are adapted, and is a rank that they can have. */
function checkPins(entries: readonly Entry[], chosen: readonly AdaptedLayer[]): Problem[] {
  const pins = entryOf(entries, ['adapter', 'ranks', 'pinned'])?.children ?? [];
  return pins.flatMap(({ key, keySpan, value, valueSpan }) => {
    const path = ['adapter', 'ranks', 'pinned', key];
    const outcome = attempt(() => selectModules(chosen, [key], undefined, 'adapter.ranks.pinned'));
    if ('error' in outcome) {
      return [{ ...noSuchModule(outcome.error, key, chosen, 'adapter.ranks.pinned', keySpan), path }];
    }
    if (typeof value !== 'number' || valueSpan === undefined) return [];
    const fitting = attempt(() => checkRanks(outcome.value, value));
    if (!('error' in fitting)) return [];
    const meant = String(smallest(outcome.value));
    return [
      {
        ...problem({ ...fitting.error, code: 'too-large', meant }, 'adapter.ranks.pinned', valueSpan),
        path,
      },
    ];
  });
}

/** The largest rank that all of some layers can have. */
function smallest(layers: readonly AdaptedLayer[]): number {
  return Math.min(...layers.map(({ inputs, outputs }) => Math.min(inputs, outputs)));
}

/** The value of a key as it is written, or its default. */
function valueOf(entries: readonly Entry[], path: readonly string[]): unknown {
  return entryOf(entries, path)?.value ?? schemaOf(path)?.default;
}

function checkLength(analysis: Analysis, { positions }: ModelInfo): Problem[] {
  const entry = entryOf(analysis.entries, ['data', 'max_length']);
  const length = entry?.value ?? schemaOf(['data', 'max_length'])?.default;
  const span = entry?.valueSpan ?? entryOf(analysis.entries, ['data'])?.keySpan;
  if (typeof length !== 'number' || length <= positions || span === undefined) return [];
  return [
    problem(
      {
        what: 'rows may become longer than the model reads',
        got: String(length),
        expected: `at most ${positions}`,
        code: 'too-large',
        meant: entry?.valueSpan === undefined ? undefined : String(positions),
      },
      'data.max_length',
      span,
    ),
  ];
}

async function checkData(analysis: Analysis, path: NamedPath, world: World): Promise<Problem[]> {
  const answer = await world.data(path.absolute, namedColumns(analysis));
  if (answer === undefined) return [];
  if ('error' in answer) return [problem(dataFault(answer.error.facts), path.key, path.span)];
  const { columns, chat } = answer.info;
  return usedColumns(analysis).flatMap(({ key, column, span, chat: asChat }) => {
    const there = columns.includes(column);
    if (there && (!asChat || chat.includes(column))) return [];
    const fitting = asChat ? chat : columns;
    const meant = nearest(column, fitting);
    return [
      problem(
        {
          what: there
            ? `the column '${column}' holds no chat messages`
            : `the data has no column '${column}'`,
          got: `columns ${columns.join(', ')} in ${path.text}`,
          code: 'no-such-column',
          meant,
          remedy: meant === undefined ? undefined : `Did you mean '${meant}'?`,
        },
        key,
        span,
      ),
    ];
  });
}

/** The adapted layers of a model, as the engine's own checks take them. */
function layersOf({ modules }: ModelInfo): readonly AdaptedLayer[] {
  return modules.flatMap(({ name, rows, columns, paths }) =>
    paths.map((path) => ({ path, kind: name, inputs: columns, outputs: rows })),
  );
}

function attempt<T>(check: () => T): { readonly value: T } | { readonly error: ErrorFacts } {
  try {
    return { value: check() };
  } catch (thrown) {
    if (thrown instanceof InputError) return { error: thrown.facts };
    throw thrown;
  }
}

function withoutPlace(facts: ErrorFacts): ErrorFacts {
  return { ...facts, code: 'unreadable' };
}

/** A fault in a data file says where in it. */
function dataFault(facts: ErrorFacts): ErrorFacts {
  const where = facts.line === undefined ? '' : ` (line ${facts.line})`;
  return { ...facts, what: `${facts.what}${where}`, code: 'unreadable' };
}

function problem(facts: ErrorFacts, key: string, span: Span): Problem {
  const path: KeyPath = pathOf(key);
  return {
    span,
    severity: 'error',
    message: sentenceOf({ ...facts, key: undefined }),
    code: facts.code ?? 'invalid',
    path,
    meant: facts.meant,
    unnecessary: false,
  };
}
