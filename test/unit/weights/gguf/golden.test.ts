import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Encoding } from '../../../../src/weights/encodings';
import { SUPPORTED_TYPES, typeEncoding, typeName } from '../../../../src/weights/gguf/types';
import { openModel } from '../../../../src/weights/openModel';
import { inFolder } from '../support';

const FIXTURES = path.join(import.meta.dirname, '..', '..', '..', 'fixtures', 'gguf');

interface Golden {
  readonly blocks: readonly { readonly type: string; readonly bytes: string; readonly f32: string }[];
  readonly tensors: Readonly<
    Record<string, { readonly shape: number[]; readonly dtype: string; readonly f32: string }>
  >;
}
const golden = {
  ...(JSON.parse(fs.readFileSync(path.join(FIXTURES, 'blocks.json'), 'utf8')) as Pick<Golden, 'blocks'>),
  ...(JSON.parse(fs.readFileSync(path.join(FIXTURES, 'tiny.json'), 'utf8')) as Pick<Golden, 'tensors'>),
};

const hex = (values: Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex');

function encodingOf(name: string): Encoding {
  for (let type = 0; type < 64; type++) {
    const encoding = typeName(type) === name ? typeEncoding(type) : undefined;
    if (encoding !== undefined) return encoding;
  }
  throw new Error(`${name} is not decoded`);
}

describe('blocks', () => {
  it.each(golden.blocks)(
    'of $type decode to the numbers that ggml gives, bit for bit',
    ({ type, bytes, f32 }) => {
      const encoding = encodingOf(type);
      const source = Uint8Array.from(Buffer.from(bytes, 'hex'));
      const out = new Float32Array((source.length / encoding.blockBytes) * encoding.blockSize);
      encoding.decode(source, out);
      expect(hex(out)).toBe(f32);
      // The same from an odd address, as in a file without padding.
      const odd = new Uint8Array(source.length + 1);
      odd.set(source, 1);
      encoding.decode(odd.subarray(1), out.fill(0));
      expect(hex(out)).toBe(f32);
    },
  );

  it('are checked for every type but f64, which ggml does not dequantise', () => {
    expect(SUPPORTED_TYPES.filter((type) => type !== 'F64').sort()).toEqual(
      golden.blocks.map(({ type }) => type).sort(),
    );
  });
});

describe('a file of the llama architecture', () => {
  it('has the names, shapes, types and numbers of its Hugging Face form', async () => {
    await inFolder(async (cache) => {
      const source = await openModel(path.join(FIXTURES, 'tiny.gguf'), { cache });
      expect([...source.tensors.keys()].sort()).toEqual(Object.keys(golden.tensors).sort());
      const mapped = await source.mapped();
      const bytes = fs.readFileSync(path.join(mapped.folder, 'model.safetensors'));
      for (const [name, { shape, dtype, f32 }] of Object.entries(golden.tensors)) {
        expect(source.tensors.get(name)).toMatchObject({ shape, dtype });
        expect(hex(await source.readTensor(name)), name).toBe(f32);
        const place = mapped.tensors.get(name);
        expect(place?.shape).toEqual(shape);
        expect(
          bytes.subarray(place?.offset, (place?.offset ?? 0) + (place?.length ?? 0)).toString('hex'),
          name,
        ).toBe(f32);
      }
    });
  });

  it('has a config and a tokenizer in Hugging Face form', async () => {
    await inFolder(async (cache) => {
      const source = await openModel(path.join(FIXTURES, 'tiny.gguf'), { cache });
      expect(source.kind).toBe('gguf');
      expect(source.config).toEqual({
        architectures: ['LlamaForCausalLM'],
        model_type: 'llama',
        vocab_size: 14,
        hidden_size: 32,
        intermediate_size: 64,
        num_hidden_layers: 1,
        num_attention_heads: 4,
        num_key_value_heads: 2,
        head_dim: 8,
        hidden_act: 'silu',
        rms_norm_eps: 1e-5,
        rope_theta: 10000,
        max_position_embeddings: 128,
        attention_bias: false,
        tie_word_embeddings: true,
        dtype: 'float32',
        bos_token_id: 0,
        eos_token_id: 1,
      });
      const { tokenizerConfig, chatTemplate, generationConfig } = source.tokenizer;
      expect(tokenizerConfig).toMatchObject({
        bos_token: '<s>',
        eos_token: '</s>',
        unk_token: '<unk>',
        pad_token: null,
      });
      expect(chatTemplate).toBe("{{ messages[0]['content'] }}");
      expect(generationConfig).toEqual({ bos_token_id: 0, eos_token_id: [1] });
    });
  });
});
