import type { AdaptedLayer } from './layer';
import type { LoraForm } from './method';

/** PEFT's name of a module's factor; reading and writing both go through it. */
export function peftTensorName(module: AdaptedLayer, factor: 'A' | 'B'): string {
  return `base_model.model.${module.path}.lora_${factor}.weight`;
}

/** What PEFT's `adapter_config.json` says of an adapter made here. */
export interface PeftConfig {
  readonly peft_type: 'LORA';
  readonly task_type: 'CAUSAL_LM';
  readonly base_model_name_or_path: string;
  readonly inference_mode: boolean;
  readonly r: number;
  readonly lora_alpha: number;
  readonly lora_dropout: number;
  readonly bias: 'none';
  readonly fan_in_fan_out: boolean;
  readonly use_rslora: boolean;
  readonly use_dora: boolean;
  readonly init_lora_weights: boolean;
  readonly modules_to_save: null;
  readonly layers_to_transform: null;
  readonly layers_pattern: null;
  readonly rank_pattern: Readonly<Record<string, number>>;
  readonly alpha_pattern: Readonly<Record<string, number>>;
  readonly target_modules: readonly string[];
}

/**
 * The configuration of adapters in LoRA form, which carry their scale inside B: alpha equals the rank, so that PEFT's
 * own scale is 1. Modules of another rank than the commonest stand in `rank_pattern`.
 */
export function peftConfig(
  base: string,
  all: readonly AdaptedLayer[],
  adapters: ReadonlyMap<AdaptedLayer, LoraForm>,
): PeftConfig {
  const ranks = new Map<number, number>();
  for (const { rank } of adapters.values()) ranks.set(rank, (ranks.get(rank) ?? 0) + 1);
  const [common = 1] = [...ranks].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0] ?? [];
  const pattern = Object.fromEntries(
    [...adapters].filter(([, { rank }]) => rank !== common).map(([module, { rank }]) => [module.path, rank]),
  );
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: base,
    inference_mode: true,
    r: common,
    lora_alpha: common,
    lora_dropout: 0,
    bias: 'none',
    fan_in_fan_out: false,
    use_rslora: false,
    use_dora: false,
    init_lora_weights: true,
    modules_to_save: null,
    layers_to_transform: null,
    layers_pattern: null,
    rank_pattern: pattern,
    alpha_pattern: pattern,
    target_modules: targetNames(all, new Set(adapters.keys())),
  };
}

/** Kinds (`q_proj`) where every layer's module of the kind is adapted, else whole paths. */
function targetNames(all: readonly AdaptedLayer[], chosen: ReadonlySet<AdaptedLayer>): readonly string[] {
  const names = new Set<string>();
  const paths = new Set([...chosen].map((module) => module.path));
  for (const module of all) {
    if (!paths.has(module.path)) continue;
    const whole = all.every((other) => other.kind !== module.kind || paths.has(other.path));
    names.add(whole ? module.kind : module.path);
  }
  return [...names];
}
