import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alignSigns } from './align';
import { cases } from './cases';
import { inspectFirstStep } from './engine';
import { readTensors, relativeDistance } from './tensors';
import { prepare, referenceRun, workspace } from './workspace';

describe.each(cases.filter((test) => test.inspect === true))('$name', (test) => {
  it('has the reference’s logits and gradients at the first step', async () => {
    const theirs = await referenceRun(test);
    const tensors = (name: string): ReturnType<typeof readTensors> =>
      readTensors(join(theirs.folder, `${name}.safetensors`));
    const [initial, gradients, logits] = await Promise.all(['initial', 'gradients', 'logits'].map(tensors));
    if (initial === undefined || gradients === undefined) throw new Error('the reference left no tensors');

    const ours = await inspectFirstStep(await prepare(test), join(await workspace(), 'cache'));
    expect(ours.loss / (theirs.history.losses[0] ?? NaN)).toBeCloseTo(1, 4);
    expect(relativeDistance(ours.logits, logits?.get('logits')?.data ?? new Float32Array())).toBeLessThan(
      1e-4,
    );

    expect([...ours.gradients.keys()].sort()).toEqual([...gradients.keys()].sort());
    const aligned = alignSigns(ours, initial);
    const bound = test.sketched === true ? 5e-2 : 1e-3;
    for (const [name, tensor] of initial) {
      const mine = aligned.parameters.get(name) ?? new Float32Array();
      expect(relativeDistance(mine, tensor.data), `${name} at the start`).toBeLessThan(bound);
    }
    for (const [name, tensor] of gradients) {
      const mine = aligned.gradients.get(name) ?? new Float32Array();
      expect(relativeDistance(mine, tensor.data), `gradient of ${name}`).toBeLessThan(bound);
    }
  });
});
