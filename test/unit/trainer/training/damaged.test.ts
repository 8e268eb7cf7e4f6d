import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../../src/base/errors';
import { adapterMethods } from '../../../../src/engine/adapters/registry';
import { readModelConfig } from '../../../../src/engine/models/registry';
import { linearModules, type LinearModule } from '../../../../src/engine/models/modules';
import { adapterPhases } from '../../../../src/engine/training/phases';
import { initialState } from '../../../../src/engine/training/trainingSessions';
import type { TrainingPlan } from '../../../../src/trainer/training/adapters';
import { readCheckpoint, writeCheckpoint } from '../../../../src/trainer/training/checkpoint';
import { readPeftFolder, writePeftFolder } from '../../../../src/trainer/training/peftFolder';
import { damage, damaged, damagedInputs } from '../../../support/damage';
import { inTemporaryFolder } from '../../../support/modelFolder';

const config = readModelConfig(
  {
    architectures: ['LlamaForCausalLM'],
    hidden_size: 8,
    intermediate_size: 8,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    vocab_size: 10,
  },
  'config.json',
);
const modules = linearModules(config).slice(0, 2);
const RANK = 2;
const settings = {
  rank: RANK,
  alpha: RANK,
  balance: true,
  coreOnly: false,
  basis: 'weights',
  dropout: 0,
} as const;

/** A plan of LaMDA on two modules. */
function plan(): TrainingPlan {
  const method = adapterMethods.lamda;
  const adapters = new Map(modules.map((module) => [module.path, { module, method, settings }]));
  const freezing = { steps: 4, fraction: 0.5 };
  return { adapters, phases: adapterPhases(adapters.values(), freezing), freezing };
}

const zeros = (module: LinearModule) => ({
  rank: RANK,
  a: new Float32Array(RANK * module.inputs),
  b: new Float32Array(RANK * module.outputs),
});

/** Damages one file of a folder after the other; reading the folder must end in a result or an InputError. */
async function survives(folder: string, read: () => Promise<unknown>, runs: number): Promise<void> {
  const files = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
  await read();
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files.keys()), damage, async (name, changes) => {
      const bytes = files.get(name) ?? new Uint8Array();
      writeFileSync(join(folder, name), damaged(bytes, changes));
      try {
        await read();
      } catch (thrown) {
        if (!(thrown instanceof InputError)) throw thrown;
        expect(thrown.facts.file?.startsWith(folder)).toBe(true);
        refused++;
      } finally {
        writeFileSync(join(folder, name), bytes);
      }
    }),
    { numRuns: runs, seed: 3 },
  );
  expect(refused).toBeGreaterThan(runs / 10);
}

describe('a damaged folder is refused with an InputError or read right', () => {
  it('checkpoint', async () => {
    await inTemporaryFolder(async (folder) => {
      const parameters = plan().phases[0]?.parameters ?? [];
      const state = new Map(
        parameters.map(({ name, shape }) => {
          const value = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.5);
          return [name, initialState(value)] as const;
        }),
      );
      const frozen = new Map([['frozen', new Float32Array(3)]]);
      const checkpoint = { step: 3, position: { epoch: 1, index: 2 }, updates: 9, values: { state, frozen } };
      await writeCheckpoint(folder, plan(), checkpoint);
      const read = () => readCheckpoint({ step: 3, folder });
      expect(await read()).toEqual(checkpoint);
      await survives(folder, read, damagedInputs('checkpoint'));
    });
  });

  it('adapter in PEFT form', async () => {
    await inTemporaryFolder(async (parent) => {
      const folder = join(parent, 'adapter');
      await mkdir(folder);
      const forms = new Map(modules.map((module) => [module, zeros(module)]));
      await writePeftFolder(folder, 'base', linearModules(config), forms);
      await writeFile(join(folder, 'README.md'), 'an adapter');
      const read = () => readPeftFolder(folder, modules);
      expect([...(await read()).values()].map(({ rank }) => rank)).toEqual(modules.map(() => RANK));
      await survives(folder, read, damagedInputs('adapterFolder'));
    });
  });
});
