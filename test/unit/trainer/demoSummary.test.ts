import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../src/protocol/run/record';
import { summariseRun } from '../../../src/trainer/demoSummary';

const record: RunRecord = {
  formatVersion: 1,
  id: 'id',
  name: 'sample-lamda',
  status: 'done',
  created: '2026-01-01T00:00:00.000Z',
  started: '2026-01-01T00:00:01.000Z',
  ended: '2026-01-01T00:01:13.400Z',
  config: {},
  source: { file: 'lamda.tune.yaml', overrides: [] },
  seed: 42,
  first_eval: { step: 0, loss: 5.25, perplexity: 190.57 },
  last_eval: { step: 200, loss: 4.25, perplexity: 70.11 },
  last: { step: 200, loss: 4.1 },
  facts: {
    phases: [
      { name: 'all', from_step: 0, trainable: 1_230_400 },
      { name: 'core', from_step: 60, trainable: 35_840 },
    ],
    adapter_bytes: 412_345,
  },
};
const paths = { folder: 'runs/id', adapter: 'runs/id/adapter' };

describe('the summary of a run', () => {
  it('says what came of it', () => {
    expect(summariseRun(record, paths)).toEqual([
      'evaluation loss  5.25 → 4.25',
      'perplexity       190.6 → 70.11',
      'trained          1,230,400 parameters, 35,840 from step 60 on',
      'time             1:12 (min:s), 200 steps',
      'run              runs/id',
      "adapter          runs/id/adapter (412 KB, in PEFT's form)",
    ]);
  });

  it('leaves out what was not recorded', () => {
    const { first_eval, last_eval, started, ended, facts, ...bare } = record;
    expect([first_eval, last_eval, started, ended, facts].every((fact) => fact !== undefined)).toBe(true);
    expect(summariseRun(bare, paths)).toEqual(['run  runs/id']);
  });
});
