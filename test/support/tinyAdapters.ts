import { RandomStream } from '../../src/base/random';
import type { AdapterMethodId, AdapterSettings, Factors, LoraForm } from '../../src/engine/adapters/method';
import { adapterMethods } from '../../src/engine/adapters/registry';
import { multiply } from '../../src/engine/adapters/factors';
import { selectModules, type TargetModules } from '../../src/engine/adapters/targets';
import type { HostTensor } from '../../src/engine/graph/types';
import { linearModules, type LinearModule } from '../../src/engine/models/modules';
import { exactTopSingular } from '../../src/engine/spectra/exactSvd';
import { factorName, type ModuleAdapter } from '../../src/engine/training/stepGraph';
import type { TinyModel } from './tinyModel';

/** Adapters on a tiny model, with all their factors' values. */
export interface TinyAdapters {
  readonly adapters: ReadonlyMap<string, ModuleAdapter>;
  readonly values: Map<string, Float32Array>;
}

export const plainSettings: AdapterSettings = {
  rank: 3,
  alpha: 3,
  balance: true,
  coreOnly: false,
  basis: 'weights',
  dropout: 0,
};

/** The values a method starts from on one module of a model. */
export function initialFactors(
  model: TinyModel,
  module: LinearModule,
  id: AdapterMethodId,
  settings: AdapterSettings,
): Factors {
  const random = new RandomStream(11, `init/${module.path}`);
  return adapterMethods[id].initialise(module, settings, {
    basis: adapterMethods[id].needsBasis
      ? exactTopSingular(model.weight(module.weight), module.outputs, module.inputs, settings.rank)
      : undefined,
    uniform: (count) => random.uniforms(count, 0, 1),
  });
}

/** Adapters on some modules, all of one rank or each of its own (`ranks`). */
export function tinyAdapters(
  model: TinyModel,
  id: AdapterMethodId,
  changes: Partial<AdapterSettings> = {},
  targets: TargetModules = 'all-linear',
  ranks: readonly number[] = [],
): TinyAdapters {
  const adapters = new Map<string, ModuleAdapter>();
  const values = new Map<string, Float32Array>();
  for (const [i, module] of selectModules(linearModules(model.config), targets).entries()) {
    const own = ranks[i];
    const settings = { ...plainSettings, ...changes, ...(own === undefined ? {} : { rank: own }) };
    adapters.set(module.path, { module, method: adapterMethods[id], settings });
    for (const [name, data] of Object.entries(initialFactors(model, module, id, settings))) {
      values.set(factorName(module, name), data);
    }
  }
  return { adapters, values };
}

/** Adds random numbers to every factor that is ever trained. */
export function nudgeAll({ adapters, values }: TinyAdapters, size = 0.1): void {
  for (const { module, method, settings } of adapters.values()) {
    for (const { name, kind } of method.factors(module, settings)) {
      const whole = factorName(module, name);
      if (kind !== 'frozen') nudge(values, whole, size);
    }
  }
}

export function nudge(values: Map<string, Float32Array>, name: string, size = 0.1): void {
  const before = values.get(name) ?? new Float32Array();
  const noise = new RandomStream(23, name).normals(before.length, size);
  values.set(
    name,
    before.map((value, i) => value + (noise[i] ?? 0)),
  );
}

/** Every factor as a feed of a graph that trains none of them. */
export function factorFeeds({ adapters, values }: TinyAdapters): Record<string, HostTensor> {
  const feeds: Record<string, HostTensor> = {};
  for (const { module, method, settings } of adapters.values()) {
    for (const { name, shape } of method.factors(module, settings)) {
      const whole = factorName(module, name);
      feeds[whole] = { dtype: 'f32', shape, data: values.get(whole) ?? new Float32Array() };
    }
  }
  return feeds;
}

/** Each adapter as a plain LoRA. */
export function loraFormsOf({ adapters, values }: TinyAdapters): Map<LinearModule, LoraForm> {
  const forms = new Map<LinearModule, LoraForm>();
  for (const { module, method, settings } of adapters.values()) {
    const factors = method
      .factors(module, settings)
      .map(({ name }) => [name, values.get(factorName(module, name)) ?? new Float32Array()] as const);
    forms.set(module, method.toLora(module, settings, Object.fromEntries(factors)));
  }
  return forms;
}

/** The model's weights with W + B A in place of each adapted W. */
export function mergedWeights(
  model: TinyModel,
  forms: ReadonlyMap<LinearModule, LoraForm>,
): (name: string) => Float32Array {
  const merged = new Map(
    [...forms].map(([module, { rank, a, b }]) => [
      module.weight,
      multiply(b, a, module.outputs, rank, module.inputs, model.weight(module.weight)),
    ]),
  );
  return (name) => merged.get(name) ?? model.weight(name);
}
