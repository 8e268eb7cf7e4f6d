import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench, hold, metricsOf, recordOf, until } from './support/cli';

const bench = new Bench();
beforeAll(() => bench.open());
afterAll(() => bench.close());

function lines(text: string): unknown[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

describe('eigenloom run', () => {
  it('trains, echoes every metric line as it is, and leaves a whole run folder', async () => {
    const file = bench.experiment('plain', 25);
    const { code, stdout } = await bench.run('run', file, '--json', '--set', 'adapter.rank=4');
    expect(code).toBe(0);
    const [folder = ''] = bench.found('plain');
    const printed = stdout.trimEnd().split('\n');
    expect(JSON.parse(printed[0] ?? '')).toEqual({ run: folder });
    expect(`${printed.slice(1, -1).join('\n')}\n`).toBe(metricsOf(folder));
    expect(lines(metricsOf(folder))).toHaveLength(25 + 3);
    expect(JSON.parse(printed.at(-1) ?? '')).toMatchObject({ status: 'done', run: folder, step: 25 });
    expect(readFileSync(join(folder, 'config.tune.yaml'))).toEqual(readFileSync(file));
    expect(existsSync(join(folder, 'adapter', 'adapter_config.json'))).toBe(true);
    expect(existsSync(join(folder, 'lock'))).toBe(false);
    expect(recordOf(folder)).toMatchObject({
      formatVersion: 1,
      id: basename(folder),
      status: 'done',
      config: {
        adapter: { method: 'lora', rank: 4, alpha: 4 },
        data: { train: [join(bench.folder, 'rows.jsonl')] },
      },
      source: { overrides: ['adapter.rank=4'] },
      facts: { total_steps: 25, device: { provider: 'cpu' } },
      last: { step: 25 },
      first_eval: { step: 0 },
      last_eval: { step: 20 },
    });
  });

  it('prints only the result on standard output where nobody asked for JSON', async () => {
    const { code, stdout, stderr } = await bench.run('run', bench.experiment('words'));
    const [folder = ''] = bench.found('words');
    expect(code).toBe(0);
    expect(stdout).toContain('done: 30 steps');
    expect(stdout).toContain(`adapter: ${join(folder, 'adapter')}`);
    expect(stderr).toContain('step 30/30');
    expect(stderr).toContain('loading nothing');
  });

  it('tells everything that is wrong with the input, and makes no run', async () => {
    const file = bench.experiment('mistaken');
    const text = readFileSync(file, 'utf8');
    writeFileSync(
      file,
      text.replace('rows.jsonl,', 'nowhere.jsonl,').replace('model: model', 'model: nothing'),
    );
    const missing = await bench.run('run', file);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain(`${file}:2:8, key 'model': there is no such folder or file`);
    expect(missing.stderr).toContain(`${file}:3:16, key 'data.train': there is no such file`);
    const misspelt = await bench.run(
      'run',
      file,
      '--set',
      'adapter.methd=lora',
      '--set',
      'training.max_steps=-1',
    );
    expect(misspelt.code).toBe(2);
    expect(misspelt.stderr).toContain('Did you mean method?');
    expect(misspelt.stderr).toContain('--set training.max_steps=-1');
    expect(misspelt.stdout).toBe('');
    expect(bench.found('mistaken')).toEqual([]);
    expect((await bench.run('run', join(bench.folder, 'none.yaml'))).code).toBe(2);
  });

  it.each([
    ['wrong-input', 2, 'input', 'rank 400 is larger'],
    ['fails', 1, 'run', 'Lower the learning rate.'],
    ['crash', 1, 'bug', 'out of the blue'],
  ])('records a run that ends badly: %s', async (name, expected, kind, message) => {
    const { code, stderr, stdout } = await bench.run('run', bench.experiment(name), '--json');
    const [folder = ''] = bench.found(name);
    expect(code).toBe(expected);
    expect(stderr).toContain(message);
    expect(recordOf(folder)).toMatchObject({ status: 'failed', error: { kind } });
    expect(lines(stdout).at(-1)).toMatchObject({ status: 'failed' });
    expect(readFileSync(join(folder, 'log.txt'), 'utf8')).toContain(message.slice(0, 12));
    expect(existsSync(join(folder, 'lock'))).toBe(false);
  });

  it('ends quietly when its reader goes away; the run goes on', async () => {
    const running = bench.start('run', bench.experiment('piped', 60), '--json');
    const folder = await bench.appears('piped');
    const { release } = hold(folder);
    await until(() => metricsOf(folder).includes('"step":12'));
    running.child.stdout?.destroy();
    release();
    const { stderr, code } = await running.outcome;
    expect([stderr, code]).toEqual(['', 0]);
    await until(() => recordOf(folder).status === 'done');
  });
});

describe('eigenloom runs', () => {
  it('lists, shows, compares and removes; a broken run hurts no other', async () => {
    await bench.run('run', bench.experiment('first', 10));
    await bench.run('run', bench.experiment('second', 12), '--set', 'training.seed=7');
    const [first = ''] = bench.found('first');
    const [second = ''] = bench.found('second');
    for (const [name, content] of [
      ['20200101-000000-torn-aaaa', '{"formatVersion":1,"id"'],
      ['20200101-000000-newer-aaaa', '{"formatVersion":2}'],
      ['20200101-000000-odd-aaaa', '{"formatVersion":1,"id":3}'],
    ] as const) {
      mkdirSync(join(bench.runs, name));
      writeFileSync(join(bench.runs, name, 'run.json'), content);
    }
    const list = await bench.run('runs', '--json');
    expect(list.code).toBe(0);
    const [newest, older] = lines(list.stdout);
    expect(newest).toMatchObject({ name: 'second', status: 'done', last: { step: 12 } });
    expect(older).toMatchObject({ name: 'first', method: 'lora' });
    expect(list.stderr.match(/warning/gu)).toHaveLength(3);
    expect(list.stderr).toContain('written by another version');
    expect((await bench.run('runs')).stdout).toMatch(/second-\w{4}\s+done\s+lora\s+12\/12/u);

    // An id, or the beginning of one that is long enough, stands for the run.
    const show = await bench.run('runs', 'show', basename(first).slice(0, -2));
    expect(show.stdout).toContain(first);
    const diff = await bench.run('runs', 'diff', first, basename(second), '--json');
    expect(lines(diff.stdout)[0]).toEqual(
      expect.arrayContaining([
        { key: 'config.training.seed', a: 42, b: 7 },
        { key: 'last.step', a: 10, b: 12 },
      ]),
    );
    expect((await bench.run('runs', 'show', '2')).code).toBe(2);
    expect((await bench.run('runs', 'show', '20200101-000000-newer-aaaa')).stderr).toContain(
      'got 2; expected 1',
    );
    expect((await bench.run('runs', 'rm', basename(first))).code).toBe(0);
    expect(bench.found('first')).toEqual([]);
  });
});

describe('the command line', () => {
  it.each([
    [['plan'], 2, "missing required argument 'file'"],
    [['spectra', 'model', '--top', '0'], 2, 'whole number'],
    [['run'], 2, "missing required argument 'file'"],
    [['run', 'x', '--jsn'], 2, "unknown option '--jsn'"],
    [['rum'], 2, "unknown command 'rum'"],
    [['generate', 'model', '--prompt', 'a', '--max-new-tokens', 'many'], 2, 'whole number'],
    [['export', 'x', '--format', 'zip', '--out', 'y'], 2, 'peft'],
    [['export', 'x', '--format', 'onnx', '--out', 'y'], 2, 'not there yet'],
    [['resume', 'nothing'], 2, 'there is no such run'],
    [['--help'], 0, ''],
  ])('%j ends with %i', async (words, expected, message) => {
    const { code, stderr } = await bench.run(...words);
    expect(code).toBe(expected);
    expect(stderr).toContain(message);
  });
});
