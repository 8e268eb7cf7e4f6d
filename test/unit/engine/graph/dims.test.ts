import { describe, expect, it } from 'vitest';
import {
  broadcastShapes,
  dimProduct,
  dimQuotient,
  dimSum,
  elementCount,
  evaluateDim,
} from '../../../../src/engine/graph/dims';

describe('dimensions', () => {
  it('multiplies to a canonical monomial', () => {
    expect(dimProduct([4, 'L', 'B'])).toBe('4*B*L');
    expect(dimProduct(['2*N', 3])).toBe('6*N');
    expect(dimProduct([])).toBe(1);
    expect(dimProduct(['N', 0])).toBe(0);
  });

  it('divides exactly or not at all', () => {
    expect(dimQuotient('4*B*L', 'L')).toBe('4*B');
    expect(dimQuotient('4*B*L', '4*B*L')).toBe(1);
    expect(dimQuotient('N', 2)).toBeUndefined();
    expect(dimQuotient(6, 4)).toBeUndefined();
    expect(dimQuotient('N', 'L')).toBeUndefined();
    expect(dimQuotient('N', 0)).toBeUndefined();
  });

  it('adds what has the same symbols', () => {
    expect(dimSum(['K', '3*K'])).toBe('4*K');
    expect(dimSum([2, 3])).toBe(5);
    expect(dimSum(['B*L', 'L*B'])).toBe('2*B*L');
    expect(dimSum(['N', 1])).toBeUndefined();
  });

  it('evaluates under bindings, and names a symbol that is not bound', () => {
    expect(evaluateDim('4*B*L', { B: 2, L: 5 })).toBe(40);
    expect(elementCount(['N', 3], { N: 7 })).toBe(21);
    expect(() => evaluateDim('N', { B: 2 })).toThrow(/'N' is not bound/);
    expect(() => evaluateDim('constructor', {})).toThrow(/'constructor' is not bound/);
  });

  it('broadcasts a symbol only with itself and 1', () => {
    expect(broadcastShapes(['N', 1, 4], [3, 1])).toEqual(['N', 3, 4]);
    expect(broadcastShapes(['N'], ['N'])).toEqual(['N']);
    expect(broadcastShapes(['N'], ['M'])).toBeUndefined();
    expect(broadcastShapes(['N'], [4])).toBeUndefined();
  });
});
