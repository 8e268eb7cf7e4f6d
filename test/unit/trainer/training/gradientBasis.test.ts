import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { isRecord } from '../../../../src/base/guards';
import { exactTopSingular } from '../../../../src/engine/spectra/exactSvd';
import type { TopSingular } from '../../../../src/engine/spectra/triples';
import { readExperiment } from '../../../../src/protocol/experiment/read';
import type { ProgressNote, TrainContext } from '../../../../src/trainer/context';
import { train } from '../../../../src/trainer/train';
import { readTriples, type BasisRecord } from '../../../../src/trainer/training/bases';
import { prepareRun } from '../../../../src/trainer/training/prepare';
import { cachedEntry } from '../../../../src/weights/cache';
import { gradientInspection } from '../../../support/inspectStep';
import { memoryContext } from '../../../support/memoryContext';
import { tinyPairs, writeJsonLines, writeModelFolder } from '../../../support/modelFolder';
import { worstDifference } from '../../../support/tinyModel';
import { principalCosines, transposed } from '../../engine/spectra/matrices';

const RANK = 4;
const GRADIENT = { method: 'lamda', rank: RANK, basis: 'gradient' };
/** One step is then the mean over the very batches that are sketched. */
const EIGHT = { gradient_accumulation: 8 };

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'eigenloom-gradient-')));
  await writeModelFolder(join(folder, 'model'));
  await writeModelFolder(join(folder, 'damaged'), {
    change: (name, values) => {
      if (name === 'model.norm.weight') values.fill(NaN);
    },
  });
  await writeJsonLines(join(folder, 'rows.jsonl'), tinyPairs(40));
  await writeJsonLines(join(folder, 'few.jsonl'), tinyPairs(5));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Sections {
  readonly adapter?: Readonly<Record<string, unknown>>;
  readonly training?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly model?: string;
}

let written = 0;

async function tune({ adapter = GRADIENT, training = {}, data = {}, model = 'model' }: Sections = {}) {
  const file = join(folder, `${written++}.tune.yaml`);
  const rows = { train: 'rows.jsonl', prompt: '{question}', completion: '{answer}', max_length: 64 };
  const usual = { max_steps: 3, batch_size: 2, learning_rate: 0.01 };
  await writeFile(
    file,
    stringify({
      model,
      data: { ...rows, ...data },
      adapter,
      training: { ...usual, ...training },
      device: 'cpu',
    }),
  );
  return file;
}

interface Prepared {
  readonly records: readonly (BasisRecord & { readonly batches: number; readonly tokens: number })[];
  readonly triples: ReadonlyMap<string, TopSingular>;
  readonly progress: readonly ProgressNote[];
}

/** Prepares a run over a cache, and reads what it decomposed. */
async function prepared(sections: Sections = {}, cache = 'cache'): Promise<Prepared> {
  process.env['EIGENLOOM_CACHE'] = join(folder, cache);
  const progress: ProgressNote[] = [];
  const files = new Map<string, unknown>();
  const context: TrainContext = {
    ...memoryContext(readExperiment(await tune(sections)).experiment, folder).context,
    progress: (note) => progress.push(note),
    writeJson: (name, value) => files.set(name, value),
  };
  const run = await prepareRun(context);
  await run.loop.dispose();
  await run.dispose();
  const written = files.get('spectra.json');
  if (!isRecord(written) || !Array.isArray(written['decompositions'])) throw new Error('no spectra.json');
  const records = written['decompositions'] as Prepared['records'];
  const triples = new Map<string, TopSingular>();
  for (const record of records) {
    const file = await cachedEntry('gradient-2', record.key);
    if (file === undefined) throw new Error(`${record.key} is not cached`);
    triples.set(record.module, await readTriples({ record, file }, record.rank));
  }
  return { records, triples, progress: progress.filter(({ what }) => what === 'sketching the gradient') };
}

/** The gradient of every weight over the same batches, from full fine-tuning. */
async function denseGradients(): Promise<ReadonlyMap<string, Float32Array>> {
  const file = await tune({ adapter: { method: 'full' }, training: EIGHT });
  return (await gradientInspection(file, join(folder, 'cache'))).gradients;
}

describe('the basis of the gradient', () => {
  it('is the top of the true gradient’s decomposition, within the bound', async () => {
    const dense = await denseGradients();
    const { records, triples } = await prepared();
    expect(records).toHaveLength(14);
    for (const { module, shape, rank, error_bound: bound, ...rest } of records) {
      expect(rest).toMatchObject({ basis: 'gradient', method: 'randomized', batches: 8 });
      const [outputs, inputs] = shape;
      const exact = exactTopSingular(
        dense.get(`${module}.weight`) ?? new Float32Array(),
        outputs,
        inputs,
        RANK,
      );
      const found = triples.get(module);
      if (found === undefined) throw new Error(`nothing was found for ${module}`);
      expect([rank, found.sigma.length]).toEqual([RANK, RANK]);
      const roundOff = 1e-4 * (exact.sigma[0] ?? NaN);
      expect(worstDifference(found.sigma, exact.sigma), module).toBeLessThan(bound + roundOff);
      // The leading pair stands out; of those after it the span counts, as far as the values are apart.
      const firstOf = (u: Float32Array): Float32Array => u.filter((_, i) => i % RANK === 0);
      expect(principalCosines(firstOf(found.u), firstOf(exact.u), 1)[0], module).toBeGreaterThan(0.999);
      expect(Math.min(...principalCosines(found.u, exact.u, RANK)), `${module} left`).toBeGreaterThan(0.99);
      const right = (vt: Float32Array): Float32Array => transposed(vt, RANK, inputs);
      expect(
        Math.min(...principalCosines(right(found.vt), right(exact.vt), RANK)),
        `${module} right`,
      ).toBeGreaterThan(0.99);
    }
  });

  it('makes the core’s first gradient the singular values', async () => {
    const { triples } = await prepared();
    const file = await tune({ training: EIGHT });
    const { gradients, parameters } = await gradientInspection(file, join(folder, 'cache'));
    for (const [module, { u, sigma }] of triples) {
      expect(parameters.get(`${module}.pmb`)).toEqual(u);
      expect(parameters.get(`${module}.lda`)?.every((value) => value === 0)).toBe(true);
      const diagonal = new Float32Array(RANK * RANK);
      sigma.forEach((value, i) => (diagonal[i * RANK + i] = value));
      const found = gradients.get(`${module}.lda`) ?? [];
      expect(worstDifference(found, diagonal), module).toBeLessThan(1e-4 * (sigma[0] ?? NaN));
      expect(gradients.get(`${module}.pmb`)?.every((value) => value === 0)).toBe(true);
    }
  });

  it('is made once, for the same weights, rows, rank and seed; made anew, it is the same to the last bit', async () => {
    const first = await prepared({}, 'once');
    expect(first.progress).toHaveLength(5 * 8);
    expect(first.progress.map(({ fraction }) => fraction)).toEqual(
      Array.from({ length: 40 }, (_, i) => i / 40),
    );
    const again = await prepared({}, 'once');
    expect(again.progress).toEqual([]);
    expect(again).toMatchObject({ records: first.records, triples: first.triples });
    const anew = await prepared({}, 'anew');
    expect(anew.progress).toHaveLength(40);
    expect(anew.records).toEqual(first.records);
    expect(anew.triples).toEqual(first.triples);
  });

  it.each<[string, Sections]>([
    ['another seed', { training: { seed: 5 } }],
    ['other rows', { data: { max_rows: 30 } }],
    ['rows cut shorter', { data: { max_length: 20 } }],
    ['another rank', { adapter: { ...GRADIENT, rank: 3 } }],
  ])('is made anew for %s', async (_, sections) => {
    const first = await prepared({}, 'once');
    const other = await prepared(sections, 'once');
    expect(other.progress).toHaveLength(40);
    expect(other.triples).not.toEqual(first.triples);
  });

  it('is made once for runs that differ in how they train', async () => {
    await prepared({}, 'once');
    const training = { learning_rate: 0.1, max_steps: 9, gradient_accumulation: 3, scheduler: 'cosine' };
    expect((await prepared({ training }, 'once')).progress).toEqual([]);
    const adapter = { ...GRADIENT, core_only: true, freeze: { fraction: 0.1 } };
    expect((await prepared({ adapter }, 'once')).progress).toEqual([]);
  });

  it('takes what an epoch has where that is less than eight batches', async () => {
    const { records, progress } = await prepared({ data: { train: 'few.jsonl' } });
    expect(new Set(records.map(({ batches }) => batches))).toEqual(new Set([3]));
    expect(progress).toHaveLength(5 * 3);
  });
});

describe('a run on the basis of the gradient', () => {
  it.each([
    ['thawed', {}],
    ['core alone', { core_only: true }],
  ])('trains: %s', async (_, more) => {
    process.env['EIGENLOOM_CACHE'] = join(folder, 'cache');
    const sections = {
      adapter: { ...GRADIENT, ...more },
      training: { max_steps: 12, learning_rate: 0.02 },
      data: { train: 'few.jsonl', eval: 'few.jsonl' },
    };
    const { experiment } = readExperiment(await tune(sections));
    const { context, told } = memoryContext(experiment, join(folder, 'trained'));
    expect(await train(context)).toBe('done');
    const evaluations = told.metrics.flatMap((line) => (line.split === 'eval' ? [line.loss] : []));
    expect(evaluations.at(-1)).toBeLessThan((evaluations[0] ?? NaN) - 0.1);
    expect(told.facts.find(({ equivalence }) => equivalence !== undefined)?.equivalence?.max_error).toBe(0);
  });

  it('ends between two batches when a stop is asked for, and leaves nothing half made', async () => {
    process.env['EIGENLOOM_CACHE'] = join(folder, 'stopped');
    const abort = new AbortController();
    const seen: number[] = [];
    const { experiment } = readExperiment(await tune());
    const context: TrainContext = {
      ...memoryContext(experiment, folder).context,
      progress: ({ what, fraction = 0 }) => {
        if (what === 'sketching the gradient') seen.push(fraction);
      },
      stopRequested: () => {
        if (seen.length === 11) abort.abort();
        return abort.signal.aborted;
      },
      signal: abort.signal,
    };
    expect(await train(context)).toBe('stopped');
    expect(seen).toHaveLength(11);
    const whole = await prepared({}, 'stopped');
    expect(whole.progress).toHaveLength(40);
    expect(whole.triples).toEqual((await prepared()).triples);
  });

  it('says so where the model gives no number', async () => {
    await expect(prepared({ model: 'damaged' })).rejects.toThrow(
      /the loss over the first batches is NaN, not a finite number/,
    );
  });
});
