import { logSoftmax } from './rows';
import { checkedIndex, tensor, type Kernels } from './tensor';

export const transformer = {
  RotaryEmbedding: ({ input, attributes: { headDim } }) => {
    const x = input(0);
    const positions = input(1);
    const half = headDim / 2;
    const width = x.shape.at(-1) ?? 0;
    const cached = input(2).shape[0] ?? 0;
    const out = tensor(x.shape);
    for (let row = 0; row < positions.data.length; row++) {
      const cache = checkedIndex(positions.data[row] ?? 0, cached) * half;
      for (let head = 0; head < width; head += headDim) {
        for (let i = 0; i < half; i++) {
          const first = row * width + head + i;
          const [a, b] = [x.data[first] ?? 0, x.data[first + half] ?? 0];
          const [cos, sin] = [input(2).data[cache + i] ?? 0, input(3).data[cache + i] ?? 0];
          out.data[first] = a * cos - b * sin;
          out.data[first + half] = b * cos + a * sin;
        }
      }
    }
    return out;
  },
  SwiGLU: ({ input }) => {
    const [gate, up] = [input(0), input(1)];
    const out = tensor(gate.shape);
    gate.data.forEach((g, i) => (out.data[i] = (g / (1 + Math.exp(-g))) * (up.data[i] ?? NaN)));
    return out;
  },
  /** By its definition, position by position. */
  LinearCrossEntropy: ({ input, attributes: { withWeightGradient } }) => {
    const hidden = input(0);
    const weight = input(1);
    const [vocabulary = 0, width = 0] = weight.shape;
    const loss = tensor([]);
    const dHidden = tensor(hidden.shape);
    const dWeight = tensor(weight.shape);
    for (let s = 0; s < (hidden.shape[0] ?? 0); s++) {
      const label = checkedIndex(input(2).data[s] ?? 0, vocabulary);
      const importance = input(3).data[s] ?? 0;
      const state = hidden.data.subarray(s * width, (s + 1) * width);
      const logits = new Float64Array(vocabulary);
      for (let v = 0; v < vocabulary; v++) {
        logits[v] = state.reduce((sum, x, i) => sum + x * (weight.data[v * width + i] ?? 0), 0);
      }
      const logProbs = logSoftmax(logits);
      loss.data[0] = (loss.data[0] ?? 0) - importance * (logProbs[label] ?? 0);
      for (let v = 0; v < vocabulary; v++) {
        const slope = importance * (Math.exp(logProbs[v] ?? 0) - (v === label ? 1 : 0));
        for (let i = 0; i < width; i++) {
          const [h, w] = [s * width + i, v * width + i];
          dHidden.data[h] = (dHidden.data[h] ?? 0) + slope * (weight.data[w] ?? 0);
          dWeight.data[w] = (dWeight.data[w] ?? 0) + slope * (state[i] ?? 0);
        }
      }
    }
    return withWeightGradient ? [loss, dHidden, dWeight] : [loss, dHidden];
  },
} satisfies Partial<Kernels>;
