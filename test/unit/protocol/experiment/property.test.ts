import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InputError } from '../../../../src/base/errors';
import { decodeExperiment, parseExperiment } from '../../../../src/protocol/experiment/parse';
import { resolveExperiment } from '../../../../src/protocol/experiment/resolve';
import { damagedInputs } from '../../../support/damage';

const BASE = `name: n
model: m
data: { train: [a.jsonl], text: "{t}", max_length: 64 }
adapter:
  method: lamda # a comment
  rank: 4
  target_modules: [q_proj]
  freeze: { fraction: 0.5 }
training: { epochs: 1.5, learning_rate: 1e-3, adam: { beta1: 0.8 }, max_grad_norm: null }
evaluation: { every: null, metrics: [] }
checkpoint: { keep: 1 }
`;

const junk = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.constantFrom(
    '&a ',
    '*a',
    '!!binary ',
    '---\n',
    '\n\t',
    '? ',
    ': ',
    '[',
    '{',
    '}',
    '"',
    '|',
    '>',
    '~',
    '.nan',
    '-1',
    '1e999',
    'null',
    'rank',
    '<<: *a',
    '\u0000',
    '\uFEFF',
    '\uD800',
  ),
);

const damage = fc.array(fc.record({ at: fc.nat(BASE.length), remove: fc.nat(12), insert: junk }), {
  minLength: 1,
  maxLength: 4,
});

/** Either errors that each name their place, or values that survive the trip through run.json. */
function checkOutcome(text: string, overrides: string[]): boolean {
  const parsed = parseExperiment(text, 'x.yaml', overrides);
  for (const error of parsed.errors) {
    expect(error).toBeInstanceOf(InputError);
    expect(error.facts.file).toMatch(/^(?:x\.yaml$|--set )/u);
  }
  expect(parsed.values === undefined).toBe(parsed.errors.length > 0);
  if (parsed.values === undefined) return false;
  const experiment = resolveExperiment(parsed.values, 'n', (path) => path);
  expect(decodeExperiment(JSON.parse(JSON.stringify(experiment)), 'run.json')).toEqual(experiment);
  return true;
}

it('reads any damaged text as errors or as a right experiment', () => {
  let right = 0;
  fc.assert(
    fc.property(damage, (edits) => {
      let text = BASE;
      for (const { at, remove, insert } of edits) text = text.slice(0, at) + insert + text.slice(at + remove);
      if (checkOutcome(text, [])) right++;
    }),
    { numRuns: damagedInputs('experimentText'), seed: 7 },
  );
  expect(right).toBeGreaterThan(10);
});

it('reads any override as errors or as a right experiment', () => {
  const key = fc.oneof(
    fc.constantFrom(
      'adapter.rank',
      'training.max_steps',
      'data.train',
      'memory',
      'adapter',
      'data.eval',
      'training.adam.beta1',
      '__proto__.a',
      'constructor',
      'data.train.0',
      'a.b.c',
    ),
    fc.string({ maxLength: 8 }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(key, fc.oneof(junk, fc.json({ maxDepth: 2 }))), { maxLength: 3 }),
      (pairs) => {
        checkOutcome(
          BASE,
          pairs.map(([name, value]) => `${name}=${value}`),
        );
      },
    ),
    { numRuns: damagedInputs('experimentOverrides'), seed: 8 },
  );
});
