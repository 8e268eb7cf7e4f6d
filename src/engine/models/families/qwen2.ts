import { qwenWindow, type ModelFamily } from './family';

export const qwen2: ModelFamily = {
  id: 'qwen2',
  title: 'Qwen 2 and 2.5',
  architectures: ['Qwen2ForCausalLM'],
  biases: () => ({ qkv: true, output: false, mlp: false }),
  qkNorm: false,
  slidingWindow: qwenWindow,
};
