import type { ModelFamily } from './family';

export const llama: ModelFamily = {
  id: 'llama',
  title: 'Llama 2 and 3.x, SmolLM2, TinyLlama',
  architectures: ['LlamaForCausalLM'],
  biases: (config) => {
    const attention = config.boolean('attention_bias', false);
    return { qkv: attention, output: attention, mlp: config.boolean('mlp_bias', false) };
  },
  qkNorm: false,
  slidingWindow: () => undefined,
};
