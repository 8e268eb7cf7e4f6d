import { isRecord } from '../../base/guards';
import { type LinearModule, linearModules, weightSpecs } from '../../engine/models/modules';
import type { ModelInfo } from '../../protocol/inspector';
import type { OpenedModel } from '../training/model';

/** What an editor tells of a model. */
export function describeModel({ config, source, tokenizer }: OpenedModel): ModelInfo {
  const kinds = new Map<string, LinearModule[]>();
  for (const module of linearModules(config)) {
    const same = kinds.get(module.kind);
    if (same === undefined) kinds.set(module.kind, [module]);
    else same.push(module);
  }
  return {
    architecture: architectureOf(source.config) ?? config.family,
    layers: config.layers,
    parameters: weightSpecs(config).reduce(
      (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
      0,
    ),
    modules: [...kinds].map(([name, modules]) => ({
      name,
      count: modules.length,
      rows: modules[0]?.outputs ?? 0,
      columns: modules[0]?.inputs ?? 0,
      paths: modules.map(({ path }) => path),
    })),
    vocabulary: config.vocabSize,
    positions: config.maxPositions,
    has_chat_template: tokenizer.chatTemplate !== undefined,
  };
}

function architectureOf(config: unknown): string | undefined {
  const names = isRecord(config) ? config.architectures : undefined;
  const first: unknown = Array.isArray(names) ? names[0] : undefined;
  return typeof first === 'string' ? first : undefined;
}
