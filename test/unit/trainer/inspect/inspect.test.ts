import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InputError } from '../../../../src/base/errors';
import { inspectorApi, type TokenPreview } from '../../../../src/protocol/inspector';
import { inspectData } from '../../../../src/trainer/inspect/data';
import { inspectorHandlers } from '../../../../src/trainer/inspect/handlers';
import { Check } from 'typebox/schema';
import { inTemporaryFolder, tinyPairs, writeJsonLines, writeModelFolder } from '../../../support/modelFolder';

const EXPERIMENT = `model: model
data:
  train: rows.jsonl
  prompt: "{question} "
  completion: "{answer}"
  max_length: 40
adapter: { rank: 4 }
training: { max_steps: 3, batch_size: 2 }
device: cpu
`;

interface Bench {
  readonly folder: string;
  readonly file: string;
  readonly calls: ReturnType<typeof inspectorHandlers>;
}

async function onBench<T>(use: (bench: Bench) => Promise<T>): Promise<T> {
  return inTemporaryFolder(async (folder) => {
    vi.stubEnv('EIGENLOOM_CACHE', path.join(folder, 'cache'));
    await writeModelFolder(path.join(folder, 'model'));
    await writeJsonLines(path.join(folder, 'rows.jsonl'), tinyPairs(30));
    const file = path.join(folder, 'a.tune.yaml');
    await fs.writeFile(file, EXPERIMENT);
    return use({ folder, file, calls: inspectorHandlers() });
  });
}

/** The text of all tokens in a state, row by row. */
function textOf({ rows }: TokenPreview, state: string): string[] {
  return rows.map(({ pieces }) =>
    pieces
      .filter((piece) => piece.state === state)
      .flatMap(({ tokens }) => tokens.map(({ text }) => text))
      .join(''),
  );
}

describe('the inspector', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('describes a model without reading its weights', async () => {
    await onBench(async ({ folder, calls }) => {
      const model = path.join(folder, 'model');
      const info = await calls.model(model);
      expect(Check(inspectorApi.model.result, info)).toBe(true);
      expect(info).toMatchObject({ architecture: 'LlamaForCausalLM', layers: 2, positions: 128 });
      expect(
        info.modules.map(({ name, count, rows, columns }) => [name, count, rows, columns]),
      ).toContainEqual(['k_proj', 2, 16, 32]);
      expect(info.modules[0]?.paths).toEqual([
        'model.layers.0.self_attn.q_proj',
        'model.layers.1.self_attn.q_proj',
      ]);
      // A hash would be in the cache.
      await expect(fs.readdir(path.join(folder, 'cache'))).rejects.toThrow('ENOENT');
      await fs.writeFile(path.join(model, 'config.json'), '{"architectures": ["GPT2"]}');
      await expect(calls.model(model)).rejects.toThrow(/'GPT2' is not supported/u);
    });
  });

  it('shows the columns, chats and first rows of data, cut', async () => {
    await inTemporaryFolder(async (folder) => {
      const file = await writeJsonLines(path.join(folder, 'a.jsonl'), [
        { text: 'x'.repeat(1000), n: 1, chat: [{ role: 'user', content: 'hi' }] },
        { text: 'b', extra: null, chat: [{ role: 'user', content: 'ho' }], mixed: [{ role: 'user' }] },
        ...Array.from({ length: 400 }, () => ({ text: 'c', mixed: 'no' })),
      ]);
      const info = await inspectData(file, []);
      expect(Check(inspectorApi.data.result, info)).toBe(true);
      expect(info.columns).toEqual(['text', 'n', 'chat', 'extra', 'mixed']);
      expect(info.chat).toEqual(['chat']);
      expect(info.count).toBe(402);
      expect(info.rows).toHaveLength(5);
      expect(info.rows[0]).toMatchObject({ n: '1', chat: '[{"role":"user","content":"hi"}]' });
      expect(info.rows[0]?.text).toHaveLength(301);
      const table = path.join(folder, 'b.csv');
      await fs.writeFile(table, '1,2\n3,4\n');
      expect(await inspectData(table, ['left', 'right'])).toMatchObject({
        columns: ['left', 'right'],
        rows: [
          { left: '1', right: '2' },
          { left: '3', right: '4' },
        ],
      });
    });
  });

  it('previews rows as a run learns them', async () => {
    await onBench(async ({ file, calls }) => {
      const pairs = tinyPairs(30);
      const shown = await calls.preview(file, EXPERIMENT, 28, 5);
      expect(Check(inspectorApi.preview.result, shown)).toBe(true);
      expect(shown).toMatchObject({ total: 30, complete: true, max_length: 40, summary: { rows: 30 } });
      expect(shown.rows.map(({ row, line }) => [row, line])).toEqual([
        [28, 29],
        [29, 30],
      ]);
      const all = await calls.preview(file, EXPERIMENT.replace('max_length: 40', 'max_length: 128'), 0, 30);
      expect(all.packing).toBe(false);
      const [eos] = all.rows[0]?.pieces.at(-1)?.tokens.slice(-1) ?? [];
      expect(eos).toMatchObject({ special: true });
      expect(textOf(all, 'trained')).toEqual(pairs.map(({ answer }) => answer + (eos?.text ?? '')));
      expect(
        textOf(all, 'ignored').map((text, i) => text.endsWith(`${pairs[i]?.question ?? '?'} `)),
      ).not.toContain(false);
      expect(all.rows.map(({ truncated, dropped }) => [truncated, dropped])).not.toContainEqual([0, true]);
    });
  });

  it('says that rows share sequences', async () => {
    await onBench(async ({ file, calls }) => {
      const text = EXPERIMENT.replace('  max_length: 40', '  max_length: 40\n  packing: true');
      expect((await calls.preview(file, text, 0, 1)).packing).toBe(true);
    });
  });

  it('shows what is cut off, and why a row is dropped', async () => {
    await onBench(async ({ file, calls }) => {
      const shown = await calls.preview(file, EXPERIMENT.replace('max_length: 40', 'max_length: 4'), 0, 1);
      const [row] = shown.rows;
      expect(row).toMatchObject({ dropped: true, trained: 0, truncated: (row?.length ?? 0) - 4 });
      expect(row?.why).toMatch(/begins after \d+ tokens\. Raise data\.max_length/u);
      const kept = row?.pieces.filter(({ state }) => state !== 'truncated').flatMap(({ tokens }) => tokens);
      expect(kept).toHaveLength(4);
      expect(shown.summary).toMatchObject({ dropped: 30, truncated: 30, trained_share: 0 });
    });
  });

  it('marks the rows that are held out as the run does', async () => {
    await onBench(async ({ file, calls }) => {
      const text = EXPERIMENT.replace('  max_length: 40', '  max_length: 128\n  eval_fraction: 0.3');
      const { rows } = await calls.preview(file, text, 0, 30);
      const held = rows.filter(({ held_out }) => held_out).length;
      expect(held).toBeGreaterThan(0);
      await fs.writeFile(file, text);
      const facts = await calls.preflight(file, []);
      expect(facts.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(held).toBeLessThan(30);
    });
  });

  it('says where in the experiment or the data a fault is', async () => {
    await onBench(async ({ folder, file, calls }) => {
      const fault = async (text: string) => {
        const error: unknown = await calls.preview(file, text, 0, 1).catch((thrown: unknown) => thrown);
        return error instanceof InputError ? error.facts : undefined;
      };
      expect(await fault(EXPERIMENT.replace('max_length', 'max_lenght'))).toMatchObject({
        file,
        line: 6,
        column: 3,
      });
      expect(await fault(EXPERIMENT.replace('"{answer}"', '"{answer"'))).toMatchObject({
        file,
        line: 5,
        column: 15,
      });
      expect(await fault(EXPERIMENT.replace('{answer}', '{anwser}'))).toMatchObject({
        file: path.join(folder, 'rows.jsonl'),
        line: 1,
        key: 'data.completion',
      });
      expect(await fault(EXPERIMENT.replace('max_length: 40', 'max_length: 999'))).toMatchObject({
        file,
        line: 6,
      });
    });
  });

  it('counts anew when the data change', async () => {
    await onBench(async ({ folder, file, calls }) => {
      expect((await calls.preview(file, EXPERIMENT, 0, 1)).total).toBe(30);
      await writeJsonLines(path.join(folder, 'rows.jsonl'), tinyPairs(7));
      expect((await calls.preview(file, EXPERIMENT, 0, 1)).total).toBe(7);
      expect((await calls.preview(file, EXPERIMENT, 3, 1)).total).toBe(7);
      expect(
        (await calls.preview(file, `${EXPERIMENT}#`.replace('max_length', 'max_rows: 5\n  max_length'), 0, 9))
          .total,
      ).toBe(5);
    });
  });

  it('foretells a run without reading its weights', async () => {
    await onBench(async ({ folder, file, calls }) => {
      const found = await calls.preflight(file, ['training.max_steps=7']);
      expect(Check(inspectorApi.preflight.result, found)).toBe(true);
      expect(found).toMatchObject({ device: 'cpu', steps: 7 });
      // Rank 4 over q, k, v, o, gate, up and down of both layers.
      expect(found.trainable).toBe(2 * 4 * (64 + 48 + 48 + 64 + 80 + 80 + 80));
      expect(found.predicted_mb).toBeGreaterThan(100);
      expect(found.findings).toEqual([]);
      expect(await fs.readdir(path.join(folder, 'cache'))).toEqual(['tokens']);
    });
  });

  it('foretells faults, all that do not hang on each other', async () => {
    await onBench(async ({ file, calls }) => {
      const errors = async (...overrides: string[]) =>
        (await calls.preflight(file, overrides)).findings.filter(({ severity }) => severity === 'error');
      expect((await errors('adapter.rank=500'))[0]?.message).toContain('the rank is larger than the matrix');
      expect((await errors('data.max_length=4'))[0]?.message).toContain('max_length 4 cuts every completion');
      expect((await errors('adapter.target_modules=[q_prj]'))[0]?.message).toContain('Did you mean q_proj?');
      const [unknown] = await errors('training.stepz=3');
      expect(unknown?.message).toContain('unknown key');
      await fs.writeFile(file, EXPERIMENT.replace('rank: 4', 'rank: 400'));
      expect(await errors()).toMatchObject([{ file, line: 7, column: 18 }]);
      // Cut at the middle of all prompts, a part of the rows has nothing left to learn.
      const all = await calls.preview(file, EXPERIMENT.replace('max_length: 40', 'max_length: 128'), 0, 30);
      const prompts = all.rows.map(({ length, trained }) => length - trained).sort((a, b) => a - b);
      const middle = prompts[15] ?? 0;
      const dropped = prompts.filter((prompt) => prompt >= middle).length;
      const warned = await calls.preflight(file, ['adapter.rank=2', `data.max_length=${middle}`]);
      expect(warned.findings.map(({ message }) => message)).toEqual([
        `${dropped} of 30 training rows have no token to learn from and are left out.`,
      ]);
    });
  });

  it('lists and empties caches, its own alone', async () => {
    await onBench(async ({ folder, file, calls }) => {
      await calls.preflight(file, []);
      await fs.mkdir(path.join(folder, 'cache', 'private'));
      await fs.writeFile(path.join(folder, 'cache', 'private', 'letter.txt'), 'dear');
      const { folder: place, caches } = await calls.caches();
      expect(place).toBe(path.join(folder, 'cache'));
      expect(caches).toMatchObject([{ kind: 'tokens', label: 'Tokens', entries: 1 }]);
      expect(await calls.clearCache('tokens')).toBe(caches[0]?.bytes);
      expect(await calls.caches()).toMatchObject({ caches: [{ entries: 0, bytes: 0 }] });
      expect(await calls.clearCache('private')).toBe(0);
      expect(await calls.clearCache('../rows.jsonl')).toBe(0);
      expect(await fs.readFile(path.join(folder, 'cache', 'private', 'letter.txt'), 'utf8')).toBe('dear');
    });
  });
});
