import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Emitter } from '../../../../src/base/emitter';
import { BoardSource } from '../../../../src/extension/features/ranks/boardSource';
import { ranksCsv } from '../../../../src/extension/features/ranks/csv';
import { decodeRanks } from '../../../../src/extension/features/ranks/runRanks';
import type { RankBoard } from '../../../../src/extension/features/ranks/source';
import type { RunSummary } from '../../../../src/runs/survey/summary';
import type { FollowedSubject } from '../../../../src/extension/follower';
import type { Inspector } from '../../../../src/extension/process/inspector';
import { WeightSpectra } from '../../../../src/extension/process/weightSpectra';
import { parseExperiment } from '../../../../src/protocol/experiment/parse';
import { resolveExperiment } from '../../../../src/protocol/experiment/resolve';
import type { ModelInfo } from '../../../../src/protocol/inspector';
import { makeRun, runId, summaryOf, temporaryFolder } from '../../../support/runFolders';

let folder: string;
let remove: () => void;
beforeEach(() => {
  ({ folder, remove } = temporaryFolder('ranks'));
});
afterEach(() => {
  remove();
});

const PATHS = [0, 1].map((layer) => `model.layers.${layer}.self_attn.q_proj`);
const MODEL: ModelInfo = {
  architecture: 'llama',
  layers: 2,
  parameters: 1,
  modules: [{ name: 'q_proj', count: 2, rows: 8, columns: 8, paths: PATHS }],
  vocabulary: 8,
  positions: 8,
  has_chat_template: false,
};
const FILE = (): string => join(folder, 'try.tune.yaml');

function textOf(method: string, rank: number, model = 'model'): string {
  return [
    `model: ${model}`,
    'data: { train: a.jsonl, text: "{text}" }',
    `adapter: { method: ${method}, rank: ${rank}, ranks: { candidates: [2, 4, 8] } }`,
    'training: { max_steps: 1 }',
    '',
  ].join('\n');
}

/** A run of an experiment's text. */
function run(minutes: number, text: string, ranks?: readonly number[]): string {
  const { values } = parseExperiment(text, FILE());
  if (values === undefined) throw new Error('this is no experiment');
  const config = resolveExperiment(values, 'try', (file) => join(folder, file));
  const made = makeRun(join(folder, 'runs'), runId(minutes), { config: JSON.parse(JSON.stringify(config)) });
  if (ranks !== undefined) {
    const modules = ranks.map((rank, index) => ({ module: PATHS[index], rank, energy: 0.5 }));
    writeFileSync(join(made, 'ranks.json'), JSON.stringify({ formatVersion: 1, modules }));
  }
  return made;
}

function start(summaries: readonly RunSummary[]) {
  const notes: string[] = [];
  const asked: string[] = [];
  const inspector = {
    calls: {
      model: () => Promise.resolve(MODEL),
      spectra: () => Promise.resolve([]),
      spectrum: (_: string, module: string) => {
        asked.push(module);
        const values = Float64Array.from({ length: 8 }, (__, index) => 8 - index);
        return Promise.resolve({ module, values, frobenius: Math.sqrt(204), error_bound: 0, exact: true });
      },
    },
    // No more is asked of it.
  } as unknown as Inspector;
  const source = new BoardSource(
    inspector,
    new WeightSpectra(inspector),
    {
      onDidChange: new Emitter<void>().event,
      get: (one) => summaries.find((summary) => summary.folder === one),
      runsOf: (file) => summaries.filter((summary) => summary.source === file),
    },
    { info: (text: string) => notes.push(text) },
  );
  const open = (subject: FollowedSubject): Promise<RankBoard> =>
    source.open(subject, () => undefined, new AbortController().signal);
  return { source, open, notes };
}

const summary = (made: string, change: Partial<RunSummary> = {}): RunSummary =>
  summaryOf({ folder: made, source: FILE(), label: 'try', method: 'lamda++', ...change });

describe('a board of ranks', () => {
  it('stands beside the finished runs of its experiment, the newest five, named apart', async () => {
    const made = Array.from({ length: 7 }, (_, minutes) => run(minutes, textOf('lamda++', 4), [2, 8]));
    const summaries = made
      .map((one, minutes) =>
        summary(one, {
          started: Date.UTC(2026, 10, 24, 18, minutes),
          status: minutes === 6 ? 'running' : 'done',
          ...(minutes === 5 ? { label: 'the best' } : {}),
        }),
      )
      .toReversed();
    const { source, open } = start(summaries);
    const subject = { kind: 'experiment', path: FILE(), text: textOf('lamda++', 4) } as const;
    const { others, readOnly } = await open(subject);
    expect(readOnly).toBe(false);
    expect(others.map(({ key }) => key)).toEqual([5, 4, 3, 2, 1].map((minutes) => made[minutes]));
    expect(others[0]?.name).toBe('the best');
    expect(new Set(others.map(({ name }) => name)).size).toBe(5);
    expect(others[0]?.modules.map(({ rank }) => rank)).toEqual([2, 8]);
    // What they keep is told by the same spectra as what is planned.
    expect(others[0]?.modules[0]?.energy).toBeCloseTo((64 + 49) / 204, 12);
    expect(others[0]?.totals).toMatchObject({ meanRank: 5 });
    expect(others[0]?.totals.trainable).toBeGreaterThan(0);
    const before = source.comparable(subject);
    expect(start(summaries.slice(2)).source.comparable(subject)).not.toBe(before);
  });

  it('compares with runs of one rank for all, and leaves out what is of another model or broken', async () => {
    const lora = run(1, textOf('lora', 4));
    const other = run(2, textOf('lamda++', 4, 'another'), [4, 4]);
    const broken = run(3, textOf('lamda++', 4));
    const full = run(4, textOf('lora', 4));
    const { open, notes } = start([
      summary(full, { method: 'full' }),
      summary(broken),
      summary(other),
      summary(lora, { method: 'lora' }),
    ]);
    const { others } = await open({ kind: 'experiment', path: FILE(), text: textOf('lamda++', 4) });
    expect(others.map(({ key }) => key)).toEqual([lora]);
    expect(others[0]?.modules.map(({ rank }) => rank)).toEqual([4, 4]);
    expect(notes).toEqual([expect.stringContaining('ranks cannot be read')]);
  });

  it('of a run has the ranks that the run got, whatever is asked for', async () => {
    const made = run(1, textOf('lamda++', 4), [2, 8]);
    const next = run(2, textOf('lamda++', 4), [4, 4]);
    const { open } = start([summary(next, { label: 'next' }), summary(made)]);
    const board = await open({ kind: 'run', path: made });
    expect(board).toMatchObject({ readOnly: true, candidates: [2, 8] });
    expect(board.fixed).toContain('its ranks stand');
    const plan = board.plan({ ...board.configured, budget: { unit: 'rank', value: 8 } });
    expect(plan.modules.map(({ rank }) => rank)).toEqual([2, 8]);
    expect(plan.totals.meanRank).toBe(5);
    expect(board.others.map(({ name }) => name)).toEqual(['next']);
  });

  it('of a run without its ranks says so', async () => {
    const made = run(1, textOf('lamda++', 4));
    await expect(start([summary(made)]).open({ kind: 'run', path: made })).rejects.toThrow(
      'ranks cannot be read',
    );
  });
});

describe('ranks.json', () => {
  it.each([
    '',
    '[]',
    '{"formatVersion":2,"modules":[{"module":"q","rank":4}]}',
    '{"formatVersion":1}',
    '{"formatVersion":1,"modules":[]}',
    '{"formatVersion":1,"modules":[{"module":"q","rank":0}]}',
    '{"formatVersion":1,"modules":[{"module":"q","rank":4},{"rank":4}]}',
  ])('is not %j', (text) => {
    expect(decodeRanks(text)).toBeUndefined();
  });
});

describe('the table of a board', () => {
  it('has a row a module, and a column for each run that it is compared with', async () => {
    const made = run(1, textOf('lora', 4));
    const { open } = start([summary(made, { method: 'lora', label: 'a, b' })]);
    const board = await open({ kind: 'experiment', path: FILE(), text: textOf('lamda++', 6) });
    const plan = board.plan({ ...board.configured, pinned: { [PATHS[1] ?? '']: 8 } });
    const view = { id: 1, name: '', status: 'done' as const, candidates: [], readOnly: false };
    const text = ranksCsv(
      { ...view, modules: [...board.modules], others: [...board.others] },
      plan,
      new Set([PATHS[1] ?? '']),
    );
    const [head, first, second] = text.split('\r\n');
    expect(head).toMatch(/,uniform_rank,"rank in a, b"$/u);
    expect(first).toMatch(/^model\.layers\.0\.self_attn\.q_proj,q_proj,0,8,8,\d+,no,0\.\d+,\d+,\d+,4$/u);
    expect(second).toMatch(/^model\.layers\.1\.self_attn\.q_proj,q_proj,1,8,8,8,yes,(?:1|0\.9{6,}\d*),/u);
  });
});
