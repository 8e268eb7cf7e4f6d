import { InputError } from '../../base/errors';
import { elementCount, readStored } from '../decode';
import { contentHash } from '../hash';
import type { ModelSource, StoredTensor, WorkOptions } from '../source';
import { StoredModel } from '../storedModel';
import { ggufConfig, type GgufConfig } from './config';
import { readGgufHeader, type GgufHeader } from './header';
import { Metadata } from './metadata';
import { huggingFaceName } from './names';
import type { GgufTensor } from './tensors';
import { ggufTokenizer } from './tokenizer';

const ROPE_DIVISORS = 'rope_freqs.weight';
/** Half of the largest head there is, many times over. */
const MOST_DIVISORS = 4096;

/**
 * A GGUF file: config, tokenizer and tensor names in Hugging Face's form, rows in its order.
 * @throws InputError for a damaged file, an architecture, tokenizer or tensor that is not read
 */
export async function openGguf(file: string, cache: string, options: WorkOptions): Promise<ModelSource> {
  const header = readGgufHeader(file);
  checkWhole(header, file);
  const { config, permutedHeads } = ggufConfig(header, file, await ropeDivisors(header, file));
  options.onConfig?.(config, file);
  return new StoredModel({
    kind: 'gguf',
    path: file,
    config,
    tensors: namedTensors(header, file, permutedHeads),
    hash: () => contentHash([file], cache, options),
    cache,
    readTokenizer: () => ggufTokenizer(header, file),
  });
}

/** llama.cpp can split a model over several files: one of them is not a model. */
function checkWhole(header: GgufHeader, file: string): void {
  const parts = new Metadata(header, file).count('split.count') ?? 1;
  if (parts <= 1) return;
  throw new InputError({
    what: `the model is split over ${parts} files, which is not read`,
    file,
    key: 'split.count',
    got: `${parts}`,
    expected: 'one file',
    remedy: "Join the files with llama.cpp's 'llama-gguf-split --merge'.",
  });
}

async function ropeDivisors(header: GgufHeader, file: string): Promise<Float32Array | undefined> {
  const tensor = header.tensors.get(ROPE_DIVISORS);
  if (tensor === undefined) return undefined;
  if (elementCount(tensor.shape) > MOST_DIVISORS) {
    throw new InputError({ what: 'too many rotary frequencies', file, tensor: ROPE_DIVISORS });
  }
  return readStored(ROPE_DIVISORS, stored(file, tensor, undefined));
}

function namedTensors(
  header: GgufHeader,
  file: string,
  heads: GgufConfig['permutedHeads'],
): ReadonlyMap<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of header.tensors) {
    const rule = huggingFaceName(name);
    if (rule === null) continue;
    if (rule === undefined) {
      throw new InputError({
        what: 'the tensor has no place in the model',
        file,
        tensor: name,
        remedy: 'The architecture has parts that are not supported: use another model of the family.',
      });
    }
    const count = rule.rows === undefined ? undefined : heads?.[rule.rows];
    if (count !== undefined) checkHeads(file, name, tensor, count);
    if (tensors.has(rule.name)) throw new InputError({ what: 'the tensor stands twice', file, tensor: name });
    tensors.set(rule.name, stored(file, tensor, count));
  }
  return tensors;
}

function checkHeads(file: string, name: string, { shape, encoding }: GgufTensor, heads: number): void {
  const rows = (shape[0] ?? 0) / heads;
  const perHead = elementCount(shape) / heads;
  if (Number.isInteger(rows / 2) && rows > 0 && perHead % encoding.blockSize === 0) return;
  throw new InputError({
    what: 'the tensor does not fit the number of heads',
    file,
    tensor: name,
    got: `[${shape.join(', ')}]`,
    expected: `${heads} heads of an even number of rows`,
  });
}

function stored(file: string, tensor: GgufTensor, heads: number | undefined): StoredTensor {
  const { shape, encoding, offset, length } = tensor;
  return { file, shape, dtype: encoding.name, offset, length, encoding, interleavedHeads: heads };
}
