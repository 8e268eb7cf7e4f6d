import { describe, expect, it } from 'vitest';
import { analyse } from '../../../../src/extension/features/language/analysis';
import { checkWorld } from '../../../../src/extension/features/language/checks';
import { fixesFor } from '../../../../src/extension/features/language/fixes';
import { applied } from './applied';
import { FILE, MODEL, WORLD } from './world';

const HEAD = 'model: models/tiny\ndata:\n  train: data/train.jsonl\n  text: "{question}"\n';

/** What is wrong with a text, each with its place, and the texts that its fixes make. */
async function fixed(text: string) {
  const analysis = analyse(text, FILE);
  const problems = [...analysis.problems, ...(await checkWorld(analysis, WORLD))];
  return problems.map((problem) => ({
    code: problem.code,
    at: text.slice(problem.span.start, problem.span.end),
    fixes: Object.fromEntries(fixesFor(problem, analysis).map((fix) => [fix.title, applied(text, fix)])),
  }));
}

describe('a quick fix', () => {
  it('renames an unknown key to the nearest, or removes it', async () => {
    expect(await fixed(`${HEAD}  max_lenght: 12 # short\n`)).toEqual([
      {
        code: 'unknown-key',
        at: 'max_lenght',
        fixes: {
          'Rename to max_length': `${HEAD}  max_length: 12 # short\n`,
          'Remove data.max_lenght': HEAD,
        },
      },
    ]);
  });

  it('moves a key to where it belongs', async () => {
    const [problem] = await fixed(`${HEAD}  seed: 3\n`);
    expect(problem?.fixes['Move to training.seed']).toBe(`${HEAD}training:\n  seed: 3\n`);
    const [inner] = await fixed(`rank: 8\n${HEAD}adapter: { method: lora }\n`);
    expect(inner?.fixes['Move to adapter.rank']).toBe(`${HEAD}adapter: { method: lora, rank: 8 }\n`);
  });

  it('replaces a misspelt value', async () => {
    const [problem] = await fixed(`${HEAD}training: { scheduler: cosin, seed: 1 }\n`);
    expect(problem).toMatchObject({ code: 'wrong-value', at: 'cosin' });
    expect(Object.keys(problem?.fixes ?? {})[0]).toBe('Change to cosine');
    expect(problem?.fixes['Change to cosine']).toBe(`${HEAD}training: { scheduler: cosine, seed: 1 }\n`);
    const [flag] = await fixed(`${HEAD}  packing: yes\n`);
    expect(flag?.fixes['Change to true']).toBe(`${HEAD}  packing: true\n`);
    const [number] = await fixed(`${HEAD}  max_length: long\n`);
    expect(number?.fixes).toEqual({ 'Change to the default, 512': `${HEAD}  max_length: 512\n` });
  });

  it('puts a template in quotes that reads as a map', async () => {
    const [problem] = await fixed(HEAD.replace('"{question}"', '{question}'));
    expect(problem?.fixes['Put it in quotes']).toBe(HEAD);
  });

  it('inserts what is missing, in order, and makes the section', async () => {
    const [model] = await fixed(HEAD.replace('model: models/tiny\n', ''));
    expect(model).toMatchObject({ code: 'missing-key', at: 'data' });
    expect(model?.fixes['Add model']).toBe(HEAD.replace('models/tiny', 'path/to/model'));
    const [data] = await fixed('model: models/tiny\n');
    expect(data?.fixes['Add data']).toBe(
      'model: models/tiny\ndata:\n  train: path/to/train.jsonl\n  text: "{text}"\n',
    );
    const [train] = await fixed('model: models/tiny\ndata:\n    text: "{question}" # it\n');
    expect(train?.fixes['Add data.train']).toBe(
      'model: models/tiny\ndata:\n    train: path/to/train.jsonl\n    text: "{question}" # it\n',
    );
    const [partner] = await fixed(HEAD.replace('text:', 'prompt:'));
    expect(partner).toMatchObject({ code: 'lacks-partner', at: 'prompt' });
    expect(partner?.fixes['Add data.completion']).toBe(
      `${HEAD.replace('text:', 'prompt:')}  completion: "{answer}"\n`,
    );
  });

  it('says how a row becomes text', async () => {
    const bare = 'model: models/tiny\ndata:\n  train: data/train.jsonl\n';
    const [problem] = await fixed(bare);
    expect(problem?.fixes).toEqual({
      'Add data.text': `${bare}  text: "{text}"\n`,
      'Add data.prompt and data.completion': `${bare}  prompt: "{question}\\n"\n  completion: "{answer}"\n`,
      'Add data.chat': `${bare}  chat: messages\n`,
    });
  });

  it('removes what has no effect, with its comment, and nothing else', async () => {
    const before = `${HEAD}adapter:\n  # which\n  method: lora\n`;
    const after = '  rank: 4\n\n# last\n';
    const [problem] = await fixed(`${before}  freeze: # not here\n    fraction: 0.2 # of all\n${after}`);
    expect(problem).toMatchObject({ code: 'no-effect', at: 'freeze' });
    expect(problem?.fixes).toEqual({ 'Remove adapter.freeze': before + after });
    const [braces] = await fixed(`${HEAD}adapter: { method: lora, freeze: { fraction: 0.2 }, rank: 4 }\n`);
    expect(braces?.fixes).toEqual({ 'Remove adapter.freeze': `${HEAD}adapter: { method: lora, rank: 4 }\n` });
    const [end] = await fixed(`${HEAD}adapter: { method: lora, basis: weights }\n`);
    expect(end?.fixes).toEqual({ 'Remove adapter.basis': `${HEAD}adapter: { method: lora }\n` });
  });

  it('removes what the method does not have, and what has no effect with it', async () => {
    for (const method of ['pissa', 'lamda', 'lamda++']) {
      const [dropout] = await fixed(
        `${HEAD}adapter:\n  method: ${method}\n  dropout: 0.1 # some\n  rank: 16\n`,
      );
      expect(dropout).toEqual({
        code: 'misplaced',
        at: 'dropout',
        fixes: { 'Remove adapter.dropout': `${HEAD}adapter:\n  method: ${method}\n  rank: 16\n` },
      });
      const [alpha] = await fixed(`${HEAD}adapter: { method: ${method}, rank: 16, alpha: 32 }\n`);
      expect(alpha).toEqual({
        code: 'no-effect',
        at: 'alpha',
        fixes: { 'Remove adapter.alpha': `${HEAD}adapter: { method: ${method}, rank: 16 }\n` },
      });
    }
    expect(await fixed(`${HEAD}adapter: { method: lora, rank: 16, alpha: 32, dropout: 0.1 }\n`)).toEqual([]);
  });

  it('takes either side of a pair that excludes itself', async () => {
    const [problem] = await fixed(`${HEAD}training:\n  max_steps: 3\n  epochs: 2\n`);
    expect(problem).toMatchObject({ code: 'exclusive', at: 'epochs' });
    expect(problem?.fixes).toEqual({
      'Remove training.max_steps': `${HEAD}training:\n  epochs: 2\n`,
      'Remove training.epochs': `${HEAD}training:\n  max_steps: 3\n`,
    });
    const [form] = await fixed(`${HEAD}  chat: messages\n`);
    expect(Object.keys(form?.fixes ?? {})).toEqual(['Remove data.text', 'Remove data.chat']);
  });

  it('keeps Windows line ends', async () => {
    const [problem] = await fixed(HEAD.replaceAll('\n', '\r\n').replace('  text: "{question}"\r\n', ''));
    expect(problem?.fixes['Add data.text']).toBe(
      HEAD.replaceAll('\n', '\r\n').replace('{question}', '{text}'),
    );
  });
});

describe('what only the files show', () => {
  it('is nothing for a right experiment', async () => {
    expect(await fixed(`${HEAD}adapter: { rank: 8, target_modules: [q_proj, "*.v_proj"] }\n`)).toEqual([]);
  });

  it('is a file that is not there, with the nearest', async () => {
    const text = HEAD.replace('train.jsonl', 'trian.jsonl');
    expect(await fixed(text)).toEqual([
      {
        code: 'no-such-file',
        at: 'data/trian.jsonl',
        fixes: { 'Change to data/train.jsonl': text.replace('trian', 'train') },
      },
    ]);
  });

  it('is a column that the data lacks, just where it stands', async () => {
    const text = HEAD.replace('"{question}"', '"Q: {qestion} {answer}"');
    expect(await fixed(text)).toEqual([
      {
        code: 'no-such-column',
        at: 'qestion',
        fixes: { 'Change to question': text.replace('qestion', 'question') },
      },
    ]);
    const chat = HEAD.replace('text: "{question}"', 'chat: answer');
    expect((await fixed(chat))[0]).toMatchObject({ code: 'no-such-column', at: 'answer' });
  });

  it('is a target that matches nothing, and a rank or length that is too large', async () => {
    const text = `${HEAD}  max_length: 2000\nadapter:\n  rank: 40\n  target_modules: [q_prj, k_proj]\n`;
    const found = await fixed(text);
    expect(found.map(({ code, at }) => [code, at])).toEqual([
      ['no-such-module', 'q_prj'],
      ['too-large', '40'],
      ['too-large', '2000'],
    ]);
    expect(found[0]?.fixes).toEqual({
      'Change to q_proj': text.replace('q_prj', 'q_proj'),
      'Remove q_prj': text.replace('q_prj, ', ''),
    });
    expect(found[1]?.fixes).toEqual({ 'Change to 32': text.replace('40', '32') });
    expect(found[2]?.fixes).toEqual({ 'Change to 1024': text.replace('2000', '1024') });
    // The matrices that are not adapted may be smaller.
    const other = await fixed(text.replace('[q_prj, k_proj]', '[q_proj]'));
    expect(other.map(({ at }) => at)).toEqual(['2000']);
  });

  it('is a target among others, in every form of a list', async () => {
    const flow = `${HEAD}adapter: { rank: 8, target_modules: [q_proj, "fc*"] } # last\n`;
    expect(await fixed(flow)).toEqual([
      { code: 'no-such-module', at: '"fc*"', fixes: { 'Remove "fc*"': flow.replace(', "fc*"', '') } },
    ]);
    const lines = `${HEAD}adapter:\n  rank: 8\n  target_modules:\n    - fc1 # none\n    - q_proj\n`;
    const [line] = await fixed(lines);
    expect(line?.fixes['Remove fc1']).toBe(lines.replace('    - fc1 # none\n', ''));
    const only = await fixed(`${HEAD}adapter: { rank: 8, target_modules: [fc1] }\n`);
    expect(only.map(({ fixes }) => fixes)).toEqual([{}]);
  });

  it('is the default rank, where a matrix is smaller', async () => {
    const small = async (text: string) => {
      const analysis = analyse(text, FILE);
      const info = { ...MODEL, modules: MODEL.modules.map((module) => ({ ...module, rows: 8 })) };
      const world = { ...WORLD, model: () => Promise.resolve({ info }) };
      return (await checkWorld(analysis, world)).map((problem) => ({
        at: text.slice(problem.span.start, problem.span.end),
        fixes: Object.fromEntries(fixesFor(problem, analysis).map((fix) => [fix.title, applied(text, fix)])),
      }));
    };
    const given = `${HEAD}adapter:\n  method: lora # the first\n`;
    expect(await small(given)).toEqual([
      {
        at: 'adapter',
        fixes: { 'Set adapter.rank to 8': `${HEAD}adapter:\n  method: lora # the first\n  rank: 8\n` },
      },
    ]);
    expect(await small(HEAD)).toEqual([
      { at: 'models/tiny', fixes: { 'Set adapter.rank to 8': `${HEAD}adapter:\n  rank: 8\n` } },
    ]);
  });

  it('is no mean rank of LaMDA++, whose ranks are cut to what a matrix has', async () => {
    expect(await fixed(`${HEAD}adapter: { method: lamda++, rank: 40 }\n`)).toEqual([]);
  });

  it('is a rank set by hand for what is not adapted, or too large', async () => {
    const text = `${HEAD}adapter:\n  method: lamda++\n  target_modules: [q_proj, k_proj]\n  ranks:\n    pinned: { q_prj: 8, v_proj: 16, k_proj: 48 } # by hand\n`;
    const found = await fixed(text);
    expect(found.map(({ code, at }) => [code, at])).toEqual([
      ['no-such-module', 'q_prj'],
      ['no-such-module', 'v_proj'],
      ['too-large', '48'],
    ]);
    expect(found[0]?.fixes).toEqual({
      'Change to q_proj': text.replace('q_prj', 'q_proj'),
      'Remove q_prj': text.replace('q_prj: 8, ', ''),
    });
    expect(found[1]?.fixes['Remove v_proj']).toBe(text.replace('v_proj: 16, ', ''));
    expect(found[2]?.fixes).toEqual({ 'Change to 32': text.replace('48', '32') });
  });

  it('is a fault in a data file, by its line', async () => {
    const analysis = analyse(HEAD.replace('train.jsonl', 'rows.csv'), FILE);
    expect((await checkWorld(analysis, WORLD)).map(({ message }) => message)).toEqual([
      'Two columns are called a (line 1)',
    ]);
  });
});
