import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cases, type ParityCase } from './cases';
import { eigenloom } from './cli';
import { isRecord, numberAt, numbersAt, parseRecord, stringAt } from './decode';
import { reference } from './reference';
import { ourRun, workspace } from './workspace';

const changed = cases.filter(({ exported, adapter }) => exported === true && adapter['method'] !== 'full');

/** What PyTorch makes of an exported adapter, by module. */
async function theirs(test: ParityCase): Promise<Readonly<Record<string, unknown>>> {
  const found = await reference.request('changes', {
    model: join(await workspace(), 'models', test.model),
    adapter: join((await ourRun(test)).folder, 'adapter'),
    rank: test.adapter['rank'],
  });
  if (!isRecord(found)) throw new Error('the reference found no changes');
  return found;
}

describe.each(changed)('the change of $name', (test) => {
  it('has PyTorch’s singular values, overlap and share of new directions', async () => {
    const { folder } = await ourRun(test);
    const printed = await eigenloom(['spectra', folder, '--json'], join(await workspace(), 'cache'));
    const lines = printed.trimEnd().split('\n').map(parseRecord);
    const expected = await theirs(test);
    expect(lines.map((line) => stringAt(line, 'module')).sort()).toEqual(Object.keys(expected).sort());
    for (const line of lines) {
      const module = stringAt(line, 'module');
      const other = expected[module];
      if (!isRecord(other)) throw new Error(`no reference for ${module}`);
      const [values, exact] = [numbersAt(line, 'values'), numbersAt(other, 'values')];
      const first = exact[0] ?? NaN;
      expect(first, module).toBeGreaterThan(0);
      exact.forEach((value, i) => {
        expect(Math.abs((values[i] ?? 0) - value), `${module}, value ${i}`).toBeLessThan(1e-6 * first);
      });
      expect(numberAt(line, 'frobenius') / numberAt(other, 'frobenius')).toBeCloseTo(1, 6);
      for (const share of ['overlap', 'fresh'])
        expect(Math.abs(numberAt(line, share) - numberAt(other, share)), `${module} ${share}`).toBeLessThan(
          1e-4,
        );
    }
  });
});
