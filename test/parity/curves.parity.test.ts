import { describe, expect, it } from 'vitest';
import { cases } from './cases';
import { worstRelative } from './history';
import { ourRun, referenceRun } from './workspace';

/** Steps of which the gradient norms are compared: later ones add up the small differences of those before. */
const EARLY = 5;

describe.each(cases)('$name', (test) => {
  it('follows the reference', async () => {
    const [ours, theirs] = await Promise.all([ourRun(test), referenceRun(test)]);
    const [mine, other] = [ours.history, theirs.history];
    const steps = [...other.evaluations.keys()];
    const evaluated = (from: ReadonlyMap<number, number>): number[] =>
      steps.map((step) => from.get(step) ?? NaN);

    expect(mine.tokens).toEqual(other.tokens);
    expect(mine.inputTokens).toEqual(other.inputTokens);
    expect(mine.trainable).toEqual(other.trainable);
    const distance = {
      learningRate: worstRelative(mine.learningRates, other.learningRates),
      firstLoss: worstRelative(mine.losses.slice(0, 1), other.losses.slice(0, 1)),
      gradNorm: worstRelative(mine.gradNorms.slice(0, EARLY), other.gradNorms.slice(0, EARLY)),
      loss: worstRelative(mine.losses, other.losses),
      evaluation: worstRelative(evaluated(mine.evaluations), evaluated(other.evaluations)),
    };
    console.log(`${test.name} ${JSON.stringify(distance, (_, value: unknown) => rounded(value))}`);

    expect(steps.length).toBeGreaterThan(0);
    expect(distance.learningRate).toBeLessThan(1e-6);
    expect(distance.firstLoss).toBeLessThan(1e-4);
    expect(distance.gradNorm).toBeLessThan(test.sketched === true ? 1e-2 : 1e-3);
    expect(distance.loss).toBeLessThan(1e-3);
    expect(distance.evaluation).toBeLessThan(1e-3);
  });
});

function rounded(value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toExponential(1)) : value;
}
