import { describe, expect, it } from 'vitest';
import type { DimBindings } from '../../../../src/engine/graph/dims';
import type { RecomputeLevel } from '../../../../src/engine/graph/passes/recompute';
import { planSlabs } from '../../../../src/engine/training/parameters';
import { adapterPhases } from '../../../../src/engine/training/phases';
import {
  chooseRecompute,
  predictMemory,
  type MemoryPrediction,
} from '../../../../src/trainer/training/memory';
import { tinyAdapters } from '../../../support/tinyAdapters';
import { tinyModel, tinySpec } from '../../../support/tinyModel';

const ROOM = 1e9;

/** A prediction for each level, as shares of the room there is; and what was asked for. */
function predictor(shares: Readonly<Record<RecomputeLevel, number>>) {
  const asked: RecomputeLevel[] = [];
  const predict = (recompute: RecomputeLevel): MemoryPrediction => {
    asked.push(recompute);
    const total = shares[recompute] * ROOM;
    return { recompute, activations: total, weights: 0, state: 0, total, resident: total };
  };
  return { predict, asked };
}

describe('chooseRecompute', () => {
  it.each<[Record<RecomputeLevel, number>, RecomputeLevel]>([
    [{ none: 0.2, cheap: 0.1, layers: 0.05 }, 'none'],
    [{ none: 1.01, cheap: 1, layers: 0.3 }, 'cheap'],
    [{ none: 3, cheap: 1.5, layers: 0.8 }, 'layers'],
    [{ none: 9, cheap: 7, layers: 5 }, 'layers'],
  ])('takes the fastest level that fits when it may choose: %j', (shares, level) => {
    expect(chooseRecompute('auto', predictor(shares).predict, ROOM).recompute).toBe(level);
  });

  it.each<RecomputeLevel>(['none', 'cheap', 'layers'])(
    'takes the level that is asked for, fit or not: %s',
    (level) => {
      const { predict, asked } = predictor({ none: 9, cheap: 9, layers: 9 });
      expect(chooseRecompute(level, predict, ROOM).recompute).toBe(level);
      expect(asked).toEqual([level]);
    },
  );
});

describe('predictMemory', () => {
  it('counts less for activations the more is computed again, and all that stays', async () => {
    const model = await tinyModel({ layers: 6 });
    const { adapters } = tinyAdapters(model, 'pissa');
    const [phase] = adapterPhases(adapters.values(), { steps: 1, fraction: 0 });
    const slabs = planSlabs(phase?.parameters ?? []);
    const sizes = { N: 2000, B: 60, L: 40, K: 500, Q: 40 };
    const at = (recompute: RecomputeLevel, evaluation: readonly DimBindings[] = []): MemoryPrediction =>
      predictMemory(
        tinySpec(model, { adapters, slabs, recompute }),
        { training: [{ ...sizes, N: 100 }, sizes], evaluation },
        1e6,
      );
    const [none, cheap, layers] = [at('none'), at('cheap'), at('layers')];
    expect(cheap.activations).toBeLessThan(none.activations);
    expect(layers.activations).toBeLessThan(cheap.activations);
    const numbers = slabs.reduce((sum, slab) => sum + slab.size, 0);
    // Parameter, two moments and a gradient of each trained number; PiSSA's frozen factors are as many again.
    expect(none.state).toBe(4 * 4 * numbers + 4 * numbers);
    expect(none.total).toBeGreaterThan(none.activations + none.state + 1e6);
    expect(none).toMatchObject({ recompute: 'none', weights: 1e6, resident: none.total });
    // The weights are mapped again for an evaluation; they need no room of their own.
    const evaluated = at('none', [sizes]);
    expect(evaluated.resident).toBe(evaluated.total + 1e6);
    expect(evaluated.total).toBe(none.total + evaluated.activations - none.activations);
  });
});
