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

    expect(mine.tokens).toEqual(other.tokens);
    expect(mine.inputTokens).toEqual(other.inputTokens);
    expect(mine.trainable).toEqual(other.trainable);
    expect(worstRelative(mine.learningRates, other.learningRates)).toBeLessThan(1e-6);
    expect(worstRelative(mine.losses.slice(0, 1), other.losses.slice(0, 1))).toBeLessThan(1e-4);
    expect(worstRelative(mine.gradNorms.slice(0, EARLY), other.gradNorms.slice(0, EARLY))).toBeLessThan(1e-3);
    expect(worstRelative(mine.losses, other.losses)).toBeLessThan(1e-3);

    const steps = [...other.evaluations.keys()];
    expect(steps.length).toBeGreaterThan(0);
    const evaluated = (from: ReadonlyMap<number, number>): number[] =>
      steps.map((step) => from.get(step) ?? NaN);
    expect(worstRelative(evaluated(mine.evaluations), evaluated(other.evaluations))).toBeLessThan(1e-3);
  });
});
