import { noBiases, type ModelFamily } from './family';

export const mistral: ModelFamily = {
  id: 'mistral',
  title: 'Mistral 7B',
  architectures: ['MistralForCausalLM'],
  biases: () => noBiases,
  qkNorm: false,
  slidingWindow: (config) => (config.has('sliding_window') ? config.count('sliding_window') : undefined),
};
