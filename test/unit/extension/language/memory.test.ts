import { describe, expect, it } from 'vitest';
import { analyse } from '../../../../src/extension/features/language/analysis';
import { fixesFor } from '../../../../src/extension/features/language/fixes';
import { memoryProblem } from '../../../../src/extension/features/language/memory';
import type { MemoryEstimate } from '../../../../src/protocol/inspector';
import { applied } from './applied';
import { FILE } from './world';

const HEAD = 'model: models/tiny # small\ndata:\n  train: data/train.jsonl\n  text: "{question}"\n';
const ESTIMATE: MemoryEstimate = {
  device: 'cpu',
  predicted_mb: 21_300,
  available_mb: 8100,
  ways: [
    { recompute: 'layers', predicted_mb: 7400 },
    { batch_size: 32, gradient_accumulation: 8, predicted_mb: 5900 },
  ],
};
const BOTH: MemoryEstimate = {
  ...ESTIMATE,
  ways: [{ recompute: 'layers', batch_size: 16, gradient_accumulation: 16, predicted_mb: 950 }],
};

/** Where the problem of a text stands, and the texts that its fixes make. */
function problemIn(text: string, estimate = ESTIMATE) {
  const analysis = analyse(text, FILE);
  const problem = memoryProblem(analysis, estimate);
  if (problem === undefined) return undefined;
  const fixes = fixesFor(problem, analysis);
  return {
    at: text.slice(problem.span.start, problem.span.end),
    severity: problem.severity,
    message: problem.message,
    preferred: fixes.map(({ preferred }) => preferred === true),
    fixes: Object.fromEntries(fixes.map((fix) => [fix.title, applied(text, fix)])),
  };
}

const LAYERS = 'Set memory.recompute to layers (about 7.4 GB)';
const BATCH = 'Set training.batch_size to 32 and training.gradient_accumulation to 8 (about 5.9 GB)';
const ALL =
  'Set memory.recompute to layers, training.batch_size to 16 and training.gradient_accumulation to 16 (about 950 MB)';

describe('a run that takes more memory than is free', () => {
  it('is warned of at the key that decides it, and mended there alone', () => {
    const text = `${HEAD}training:\n  batch_size: 256   # rows\n  seed: 1\n\nmemory: { recompute: none } # keep all\n`;
    expect(problemIn(text)).toEqual({
      at: 'none',
      severity: 'warning',
      message:
        'This run is predicted to take 21.3 GB of memory, and 8.1 GB are free. Let more be computed again, or take fewer rows at a time.',
      preferred: [true, false],
      fixes: {
        [LAYERS]: text.replace('none', 'layers'),
        [BATCH]: text.replace('256   # rows\n', '32   # rows\n  gradient_accumulation: 8\n'),
      },
    });
  });

  it('is warned of at the batch size, where recomputation is not spoken of', () => {
    const text = `${HEAD}training: { batch_size: 256, gradient_accumulation: 1 } # all\n`;
    const found = problemIn(text, BOTH);
    expect(found?.at).toBe('256');
    expect(found?.fixes).toEqual({
      [ALL]: `${text.replace('256', '16').replace('accumulation: 1', 'accumulation: 16')}memory:\n  recompute: layers\n`,
    });
  });

  it('is warned of at the model, where neither is', () => {
    const found = problemIn(HEAD, BOTH);
    expect(found?.at).toBe('model');
    expect(found?.fixes).toEqual({
      [ALL]: `${HEAD}training:\n  batch_size: 16\n  gradient_accumulation: 16\nmemory:\n  recompute: layers\n`,
    });
  });

  it('keeps an order and line ends as they are', () => {
    const text = `${HEAD}training:\n  batch_size: 256\nmemory:\n  recompute: cheap\n`.replaceAll(
      '\n',
      '\r\n',
    );
    const found = problemIn(text, BOTH);
    expect(found?.fixes[ALL]).toBe(
      text.replace('256\r\n', '16\r\n  gradient_accumulation: 16\r\n').replace('cheap', 'layers'),
    );
    // Both go in behind the same line.
    const last = `${HEAD}training:\n  batch_size: 256`;
    expect(problemIn(last, BOTH)?.fixes[ALL]).toBe(
      `${HEAD}training:\n  batch_size: 16\n  gradient_accumulation: 16\nmemory:\n  recompute: layers`,
    );
  });

  it('says what else there is to do where nothing of these helps', () => {
    const found = problemIn(`${HEAD}memory:\n`, { ...ESTIMATE, ways: [] });
    expect(found?.at).toBe('memory');
    expect(found?.message).toMatch(/8\.1 GB are free\. Lower data\.max_length or the rank/u);
    expect(found?.fixes).toEqual({});
  });

  it('is no problem where it fits', () => {
    expect(problemIn(HEAD, { ...ESTIMATE, predicted_mb: 8100 })).toBeUndefined();
  });
});
