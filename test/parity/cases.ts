/** One experiment that the trainer and the reference both run. */
export interface ParityCase {
  readonly name: string;
  /** One of reference/models.py's FAMILIES. */
  readonly model: string;
  readonly data: 'pairs' | 'text' | 'chat';
  readonly packing?: true;
  readonly adapter: Readonly<Record<string, unknown>>;
  /** Starts from an adapter that PEFT wrote for the model. */
  readonly fromPeft?: true;
  readonly training?: Readonly<Record<string, unknown>>;
  readonly recompute?: 'none' | 'cheap' | 'layers';
  /** Starts from a random sketch of what the reference decomposes exactly: gradients are only nearly the same. */
  readonly sketched?: true;
  /** Looked at in `gradients.parity.test.ts` too. */
  readonly inspect?: true;
  /** Looked at in `export.parity.test.ts` too. */
  readonly exported?: true;
}

const lora = { method: 'lora', rank: 8, alpha: 16 } as const;
const pissa = { method: 'pissa', rank: 8 } as const;
const lamda = { method: 'lamda', rank: 8, freeze: { fraction: 0.3 } } as const;
const full = { method: 'full' } as const;

/** Everything a schedule, clip and decay can do wrong, at once; the gradient norm is above the clip at every step. */
const everything = {
  batch_size: 3,
  gradient_accumulation: 2,
  warmup_steps: 10,
  scheduler: 'cosine',
  max_grad_norm: 0.4,
  weight_decay: 0.1,
  adam: { beta1: 0.85, beta2: 0.98, epsilon: 1e-6 },
} as const;

const gentle = { learning_rate: 0.001 } as const;

/** LoRA from PEFT's adapter on every family. */
const families: readonly ParityCase[] = [
  'llama-gqa',
  'llama3-rope',
  'mistral',
  'qwen2',
  'qwen3',
  'smollm2',
].map((model) => ({
  name: `lora-${model}`,
  model,
  data: 'pairs',
  adapter: lora,
  fromPeft: true,
  inspect: true,
  exported: true,
}));

/** The same weights in other files. */
const forms: readonly ParityCase[] = ['llama-gqa-sharded', 'llama-gqa-bf16'].map((model) => ({
  name: `lora-${model}`,
  model,
  data: 'pairs',
  adapter: lora,
  fromPeft: true,
  training: { max_steps: 25 },
}));

const methods: readonly ParityCase[] = [
  {
    name: 'full',
    model: 'llama-gqa',
    data: 'pairs',
    adapter: full,
    training: gentle,
    inspect: true,
    exported: true,
  },
  {
    name: 'full-qwen2',
    model: 'qwen2',
    data: 'text',
    adapter: full,
    training: gentle,
    inspect: true,
    exported: true,
  },
  { name: 'full-qwen3', model: 'qwen3', data: 'pairs', adapter: full, training: gentle, inspect: true },
  { name: 'pissa', model: 'llama-gqa', data: 'pairs', adapter: pissa, inspect: true, exported: true },
  { name: 'lamda', model: 'llama-gqa', data: 'pairs', adapter: lamda, inspect: true, exported: true },
  { name: 'lamda-unbalanced', model: 'llama-gqa', data: 'pairs', adapter: { ...lamda, balance: false } },
  {
    name: 'lamda-core-only',
    model: 'llama-gqa',
    data: 'pairs',
    adapter: { ...lamda, core_only: true },
    exported: true,
  },
  {
    name: 'lamda-gradient',
    model: 'llama-gqa',
    data: 'pairs',
    adapter: { ...lamda, basis: 'gradient' },
    training: { learning_rate: 0.01 },
    sketched: true,
    inspect: true,
    exported: true,
  },
  {
    name: 'lamda-gradient-core-packed',
    model: 'qwen3',
    data: 'pairs',
    packing: true,
    adapter: { ...lamda, basis: 'gradient', core_only: true },
    training: { learning_rate: 0.01, gradient_accumulation: 2 },
    sketched: true,
  },
];

const schedules: readonly ParityCase[] = [
  {
    name: 'lora-everything',
    model: 'llama-gqa',
    data: 'pairs',
    adapter: lora,
    fromPeft: true,
    training: everything,
  },
  {
    name: 'full-everything',
    model: 'qwen2',
    data: 'pairs',
    adapter: full,
    training: { ...everything, ...gentle },
  },
  { name: 'pissa-everything', model: 'llama-gqa', data: 'pairs', adapter: pissa, training: everything },
  { name: 'lamda-everything', model: 'llama-gqa', data: 'pairs', adapter: lamda, training: everything },
  {
    name: 'lora-linear-unclipped',
    model: 'llama-gqa',
    data: 'text',
    adapter: { ...lora, target_modules: ['q_proj', 'v_proj'] },
    fromPeft: true,
    training: { scheduler: 'linear', warmup_steps: 5, max_grad_norm: null },
  },
];

const batches: readonly ParityCase[] = [
  { name: 'lora-chat', model: 'qwen2', data: 'chat', adapter: lora, fromPeft: true, inspect: true },
  {
    name: 'lora-text-packed',
    model: 'llama-gqa',
    data: 'text',
    packing: true,
    adapter: lora,
    fromPeft: true,
    inspect: true,
  },
  {
    name: 'lora-window-packed',
    model: 'mistral',
    data: 'pairs',
    packing: true,
    adapter: lora,
    fromPeft: true,
  },
  { name: 'lamda-packed', model: 'llama-gqa', data: 'pairs', packing: true, adapter: lamda },
];

/** The numbers must not depend on what is computed again. */
const recomputed: readonly ParityCase[] = (['none', 'cheap', 'layers'] as const).flatMap((recompute) => [
  {
    name: `lora-padded-${recompute}`,
    model: 'llama-gqa',
    data: 'pairs',
    adapter: lora,
    fromPeft: true,
    recompute,
    inspect: true,
  },
  {
    name: `full-packed-${recompute}`,
    model: 'qwen3',
    data: 'pairs',
    packing: true,
    adapter: full,
    training: gentle,
    recompute,
  },
]);

export const cases: readonly ParityCase[] = [
  ...families,
  ...forms,
  ...methods,
  ...schedules,
  ...batches,
  ...recomputed,
];
