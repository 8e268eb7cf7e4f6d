import { qwenWindow, type ModelFamily } from './family';

export const qwen3: ModelFamily = {
  id: 'qwen3',
  title: 'Qwen 3 (dense)',
  architectures: ['Qwen3ForCausalLM'],
  biases: (config) => {
    const attention = config.boolean('attention_bias', false);
    return { qkv: attention, output: attention, mlp: false };
  },
  qkNorm: true,
  slidingWindow: qwenWindow,
};
