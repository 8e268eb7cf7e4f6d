import type { OpDefinition } from './registry';
import {
  dimAt,
  expectDType,
  expectSameDType,
  expectShape,
  FLOATS,
  required,
  resolveAxis,
  typeOf,
  unary,
} from './rules';

/** Operators that normalise over the last axis. */
export const normalization: {
  readonly [K in 'Softmax' | 'LogSoftmax' | 'SimplifiedLayerNormalization']: OpDefinition<K>;
} = {
  Softmax: unary(13, FLOATS, { inplace: [0] }),
  LogSoftmax: unary(13, FLOATS, { inplace: [0] }),
  // onnxruntime's own operator, though it stands in the domain of ai.onnx.
  SimplifiedLayerNormalization: {
    domain: '',
    since: 1,
    arity: [2, 2],
    infer(inputs) {
      const x = required(inputs, 0, 'x');
      const scale = required(inputs, 1, 'scale');
      expectDType(x, 'x', FLOATS);
      expectSameDType(x, scale, 'x and scale');
      expectShape(scale, 'scale', [dimAt(x.shape, resolveAxis(-1, x.shape.length))]);
      return [typeOf(x)];
    },
  },
};
