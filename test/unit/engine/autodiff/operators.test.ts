import { describe, expect, it } from 'vitest';
import { operators } from '../../../../src/engine/graph/ops/registry';
import type { OpType } from '../../../../src/engine/graph/types';
import { checkGrad } from '../../../support/checkGrad';
import { buildCase, type OperatorCase } from './operatorCase';
import { operatorCases } from './operatorCases';

function check(op: OpType, list: readonly OperatorCase<OpType>[]): void {
  describe(op, () => {
    it.each(list.map((each) => ({ what: each.what, each })))('$what', ({ each }) => {
      const built = buildCase(op, each);
      expect(built.graph.nodes.map((node) => node.op)).toContain(op);
      checkGrad(built);
    });
  });
}

function isOpType(name: string): name is OpType {
  return name in operators;
}

describe('gradients against central differences', () => {
  it('has cases, or says that there is nothing to differentiate, for every registered operator', () => {
    expect(Object.keys(operatorCases).sort()).toEqual(Object.keys(operators).sort());
    expect(Object.values(operatorCases).filter((list) => list.length === 0)).toEqual([]);
  });

  for (const op of Object.keys(operators).filter(isOpType)) {
    const list = operatorCases[op];
    if (list !== 'not differentiable') check(op, list);
  }
});
