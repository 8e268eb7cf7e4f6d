import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../../src/base/random';
import {
  allocate,
  type AllocationRequest,
  type RankedModule,
} from '../../../../../src/engine/spectra/allocation/allocate';
import { energyBins } from '../../../../../src/engine/spectra/allocation/energyBins';
import { equalEnergy } from '../../../../../src/engine/spectra/allocation/equalEnergy';

const RULES = { 'equal-energy': equalEnergy, 'energy-bins': energyBins };
const CANDIDATES = [2, 4, 8, 16];

/** A module whose singular values decay like i^-decay. */
function moduleOf(path: string, rows: number, columns: number, decay: number): RankedModule {
  const sigma = Array.from({ length: Math.min(rows, columns) }, (_, i) => (i + 1) ** -decay);
  const whole = sigma.reduce((sum, s) => sum + s * s, 0);
  let kept = 0;
  const energies = sigma.slice(0, 16).map((s) => (kept += (s * s) / whole));
  return { path, rows, columns, energies: Float64Array.from(energies) };
}

function someModules(seed: number, count: number): RankedModule[] {
  const random = new RandomStream(seed, 'allocation');
  return Array.from({ length: count }, (_, i) => {
    const [rows, columns] = [16, 24, 32][Math.floor(random.uniform() * 3)] === 16 ? [16, 64] : [32, 32];
    return moduleOf(`layer.${i}`, rows, columns, 0.1 + 1.4 * random.uniform());
  });
}

const byRank = (_: RankedModule, rank: number): number => rank;
/** LaMDA's core and second projection. */
const byParameters = ({ rows }: RankedModule, rank: number): number => rank * (rank + rows);

function request(modules: RankedModule[], mean: number, cost = byRank): AllocationRequest {
  const budget = modules.reduce((sum, module) => sum + cost(module, mean), 0);
  return { modules, candidates: CANDIDATES, cost, budget };
}

describe.each(Object.entries(RULES))('%s', (_, rule) => {
  it.each([
    ['mean rank', byRank],
    ['trainable parameters', byParameters],
  ])('meets a budget of %s from below, with nothing left that would buy a direction', (__, cost) => {
    for (let seed = 0; seed < 40; seed++) {
      const modules = someModules(seed, 3 + (seed % 20));
      const asked = request(modules, 5 + (seed % 8), cost);
      const ranks = allocate(rule, asked);
      const spent = modules.reduce((sum, module, i) => sum + cost(module, ranks[i]?.rank ?? 0), 0);
      expect(spent).toBeLessThanOrEqual(asked.budget);
      const steps = modules.flatMap((module, i) => {
        const here = ranks[i]?.rank ?? 0;
        const next = CANDIDATES.find((rank) => rank > here);
        return next === undefined ? [] : [cost(module, next) - cost(module, here)];
      });
      // Modules of one shape wait for one another, so that only steps that cost no more than any are all open.
      if (cost === byRank) expect(Math.min(Infinity, ...steps)).toBeGreaterThan(asked.budget - spent);
    }
  });

  it('does not hang on the order of the modules', () => {
    for (let seed = 0; seed < 20; seed++) {
      const modules = someModules(seed, 12);
      const ranks = new Map(allocate(rule, request(modules, 7)).map(({ path, rank }) => [path, rank]));
      const turned = allocate(rule, request([...modules].reverse(), 7));
      expect(turned.map(({ path, rank }) => [path, rank])).toEqual(
        [...modules].reverse().map(({ path }) => [path, ranks.get(path)]),
      );
    }
  });

  it('gives a more concentrated module of one shape no larger a rank', () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new RandomStream(seed, 'monotone');
      const modules = Array.from({ length: 9 }, (__, i) => moduleOf(`m${i}`, 24, 48, 2 * random.uniform()));
      const ranks = allocate(rule, request(modules, 3 + (seed % 12)));
      for (const [i, a] of modules.entries()) {
        for (const [j, b] of modules.entries()) {
          const flatter = a.energies.every((energy, k) => energy <= (b.energies[k] ?? 0));
          if (flatter) expect(ranks[i]?.rank).toBeGreaterThanOrEqual(ranks[j]?.rank ?? 0);
        }
      }
    }
  });

  it('keeps what is pinned, and spends the rest on the others', () => {
    const modules = someModules(3, 8);
    const pinned = new Map([['layer.2', 11]]);
    const ranks = allocate(rule, { ...request(modules, 8), pinned });
    expect(ranks[2]).toMatchObject({ rank: 11, pinned: true });
    expect(ranks.reduce((sum, { rank }) => sum + rank, 0)).toBeLessThanOrEqual(64);
    expect(ranks.filter(({ pinned: is }) => is)).toHaveLength(1);
  });

  it('gives no module more than its matrix has', () => {
    const modules = [moduleOf('small', 3, 50, 0.5), moduleOf('large', 50, 50, 0.5)];
    const ranks = allocate(rule, { modules, candidates: CANDIDATES, cost: byRank, budget: 40 });
    expect(ranks.map(({ rank }) => rank)).toEqual([3, 16]);
    expect(ranks[0]?.energy).toBeCloseTo(1, 12);
  });

  it('says what a budget lacks', () => {
    const asked = { ...request(someModules(1, 5), 8), budget: 9 };
    expect(() => allocate(rule, asked)).toThrow(
      /budget of 9 is less than the 10 that the smallest candidates take/u,
    );
  });
});

describe('equal-energy', () => {
  it('reaches the greatest least energy that brute force finds', () => {
    for (let seed = 0; seed < 60; seed++) {
      const modules = someModules(seed, 2 + (seed % 4));
      const cost = seed % 2 === 0 ? byRank : byParameters;
      const asked = request(modules, 3 + (seed % 9), cost);
      const found = Math.min(...allocate(equalEnergy, asked).map(({ energy }) => energy));
      expect(found).toBe(bruteForce(asked));
    }
  });
});

/** The greatest least energy over every choice within the budget. */
function bruteForce({ modules, candidates, cost, budget }: AllocationRequest): number {
  let best = -Infinity;
  const visit = (i: number, spent: number, least: number): void => {
    const module = modules[i];
    if (spent > budget) return;
    if (module === undefined) {
      best = Math.max(best, least);
      return;
    }
    for (const candidate of candidates) {
      const rank = Math.min(candidate, module.rows, module.columns);
      visit(i + 1, spent + cost(module, rank), Math.min(least, module.energies[rank - 1] ?? 0));
    }
  };
  visit(0, 0, Infinity);
  return best;
}
