import { create, toBinary } from '@bufbuild/protobuf';
import { AttributeProto_AttributeType, ModelProtoSchema, TensorProto_DataType } from 'onnx-buf';
import ort from 'onnxruntime-node';
import { median } from './trainers.mjs';

const SHAPE = {
  layers: 30,
  width: 576,
  keys: 192,
  inner: 1536,
  vocabulary: 49152,
  rank: 16,
  heads: 9,
  head: 64,
};

/** A model of one Gemm (2-D) or MatMul (batched) on inputs of any shape. */
function productModel(batched, transA, transB) {
  const info = (name) => ({
    name,
    type: { value: { case: 'tensorType', value: { elemType: TensorProto_DataType.FLOAT } } },
  });
  const flag = (name, on) => ({ name, type: AttributeProto_AttributeType.INT, i: on ? 1n : 0n });
  const node = batched
    ? { opType: 'MatMul', input: ['a', 'b'], output: ['c'] }
    : {
        opType: 'Gemm',
        input: ['a', 'b'],
        output: ['c'],
        attribute: [flag('transA', transA), flag('transB', transB)],
      };
  const graph = { name: 'product', node: [node], input: [info('a'), info('b')], output: [info('c')] };
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { irVersion: 10n, opsetImport: [{ domain: '', version: 21n }], graph }),
  );
}

/** Every matrix product of a dense LoRA step: [how often, batch, m, k, n, transA, transB]. */
function products({ layers, width, keys, inner, vocabulary, rank, heads, head }, rows, length) {
  const tokens = rows * length;
  // How many a layer has, from, to, and how many of the first layer's inputs need no gradient: nothing below learns.
  const linears = [
    [2, width, width, 1],
    [2, width, keys, 2],
    [2, width, inner, 0],
    [1, inner, width, 0],
  ];
  const list = [];
  for (const [each, from, to, lowest] of linears) {
    const count = each * layers;
    list.push([count, 1, tokens, from, to, false, true]); // x W^T
    list.push([count - lowest, 1, tokens, to, from, false, false]); // dy W
    list.push([count, 1, tokens, from, rank, false, true]); // h = x A^T
    list.push([count, 1, tokens, rank, to, false, true]); // h B^T
    list.push([count, 1, tokens, to, rank, false, false]); // dh = dy B
    list.push([count - lowest, 1, tokens, rank, from, false, false]); // dh A
    list.push([count, 1, to, tokens, rank, true, false]); // dB = dy^T h
    list.push([count, 1, rank, tokens, from, true, false]); // dA = dh^T x
  }
  const batch = rows * heads;
  // Attention: q k^T and dp = do v^T; p v, dv = p^T do, dq = ds k and dk = ds^T q.
  list.push([layers * 2, batch, length, head, length]);
  list.push([layers * 4, batch, length, length, head]);
  list.push([1, 1, tokens, width, vocabulary, false, true]); // logits
  list.push([1, 1, tokens, vocabulary, width, false, false]); // their gradient
  return list;
}

async function timeOne([, batch, m, k, n, transA, transB], threads, repeats) {
  const session = await ort.InferenceSession.create(productModel(batch > 1, transA, transB), {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    extra: { session: { disable_prepacking: '1' } },
  });
  const tensor = (...dims) => {
    const shape = batch > 1 ? [batch, ...dims] : dims;
    const size = shape.reduce((product, dim) => product * dim, 1);
    return new ort.Tensor(
      'float32',
      Float32Array.from({ length: size }, (_, i) => ((i * 37) % 101) / 101 - 0.5),
      shape,
    );
  };
  const feeds = { a: transA ? tensor(k, m) : tensor(m, k), b: transB ? tensor(n, k) : tensor(k, n) };
  const seconds = [];
  for (let i = 0; i <= repeats; i++) {
    const begun = performance.now();
    await session.run(feeds);
    seconds.push((performance.now() - begun) / 1000);
  }
  await session.release();
  return median(seconds.slice(1));
}

/**
 * The time of a dense LoRA step's matrix products alone, each measured by itself in onnxruntime: what no step can be
 * faster than. `repeats` runs of each after one that is not counted.
 */
export async function productsLimit(threads, repeats = 5) {
  let seconds = 0;
  let operations = 0;
  for (const product of products(SHAPE, 4, 256)) {
    const [count, batch, m, k, n] = product;
    seconds += count * (await timeOne(product, threads, repeats));
    operations += count * 2 * batch * m * k * n;
  }
  return { seconds, gflop: operations / 1e9, gflop_per_s: operations / 1e9 / seconds };
}
