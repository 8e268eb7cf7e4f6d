import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openModel } from '../../../../src/weights/openModel';
import { inFolder, messageOf } from '../support';
import { tinyLlama, type GgufBuilder } from './builder';

async function configOf(builder: GgufBuilder): Promise<unknown> {
  return inFolder(async (folder) => {
    const file = path.join(folder, 'model.gguf');
    await fs.writeFile(file, builder.build());
    return (await openModel(file, { cache: path.join(folder, 'cache') })).config;
  });
}

/** The message for bytes that are not a model that is read; it names the file. */
async function refused(bytes: Uint8Array): Promise<string> {
  return inFolder(async (folder) => {
    const file = path.join(folder, 'model.gguf');
    await fs.writeFile(file, bytes);
    const message = await messageOf(() => openModel(file, { cache: path.join(folder, 'cache') }));
    expect(message).toContain(file);
    return message;
  });
}

function patched(builder: GgufBuilder, at: number, value: bigint): Uint8Array {
  const bytes = builder.build();
  new DataView(bytes.buffer).setBigUint64(at, value, true);
  return bytes;
}

describe('the header of a GGUF file', () => {
  it('is refused with counts that the file cannot hold', async () => {
    expect(await refused(patched(tinyLlama(), 8, 2n ** 62n))).toMatch(
      /number of tensors.*4611686018427387904.*at most/,
    );
    expect(await refused(patched(tinyLlama(), 16, 2n ** 63n))).toMatch(/number of metadata entries/);
    expect(await refused(patched(tinyLlama(), 24, 2n ** 40n))).toMatch(/length of a metadata key/);
  });

  it('is refused where it is not one that is read', async () => {
    expect(await refused(new TextEncoder().encode('version https://git-lfs'))).toMatch(
      /not a GGUF file.*git lfs pull/,
    );
    expect(await refused(new Uint8Array(0))).toMatch(/ends inside the magic number/);
    const old = tinyLlama();
    old.version = 1;
    expect(await refused(old.build())).toMatch(/version 1.*version 2 or 3/);
    old.version = 0x0300_0000;
    expect(await refused(old.build())).toMatch(/big-endian/);
  });

  it('is refused where a tensor cannot be as it says', async () => {
    const withTensor = (spec: {
      shape?: number[];
      type?: number;
      offset?: number;
      name?: string;
    }): Uint8Array => {
      const builder = tinyLlama();
      builder.tensors.push({
        name: 'output_norm.weight',
        shape: [8],
        type: 0,
        data: new Uint8Array(32),
        ...spec,
      });
      return builder.build();
    };
    expect(await refused(withTensor({ type: 10 }))).toMatch(/'output_norm\.weight'.*Q2_K.*one of F32.*Q4_1/);
    expect(await refused(withTensor({ type: 99 }))).toMatch(/unknown type 99/);
    expect(await refused(withTensor({ type: 8 }))).toMatch(/multiple of 32/);
    expect(await refused(withTensor({ shape: [1000] }))).toMatch(/truncated.*bytes/);
    expect(await refused(withTensor({ shape: [2 ** 40, 2 ** 40] }))).toMatch(/impossible shape/);
    expect(await refused(withTensor({ offset: 0 }))).toMatch(/overlaps/);
    expect(await refused(withTensor({ offset: 129, shape: [7] }))).toMatch(/not aligned/);
    expect(await refused(withTensor({ name: 'token_embd.weight' }))).toMatch(/stands twice/);
    expect(await refused(withTensor({ name: 'blk.0.ffn_gate_inp.weight' }))).toMatch(/no place in the model/);
  });
});

describe('the config of a GGUF file', () => {
  it('takes what the family calls for', async () => {
    const qwen = tinyLlama('qwen3')
      .whole('qwen3.attention.key_length', 16)
      .tensor('output.weight', [4, 8], Array<number>(32).fill(0));
    expect(await configOf(qwen)).toMatchObject({
      architectures: ['Qwen3ForCausalLM'],
      model_type: 'qwen3',
      head_dim: 16,
      tie_word_embeddings: false,
    });
    expect(await configOf(tinyLlama().whole('llama.attention.sliding_window', 32))).toMatchObject({
      architectures: ['MistralForCausalLM'],
      sliding_window: 32,
    });
  });

  it('names linear scaling of the rotary frequencies', async () => {
    const linear = tinyLlama()
      .text('llama.rope.scaling.type', 'linear')
      .put('llama.rope.scaling.factor', { type: 'f32', value: 4 });
    expect(await configOf(linear)).toMatchObject({ rope_scaling: { rope_type: 'linear', factor: 4 } });
  });

  it("finds Llama 3's scaling again from the frequencies' divisors", async () => {
    // Llama 3.2: theta 500,000, heads of 64, factor 32; computed here with the formula of its reference code.
    const divisors = Array.from({ length: 32 }, (_, i) => {
      const wavelength = 2 * Math.PI * 500_000 ** (i / 32);
      if (wavelength < 2048) return 1;
      if (wavelength > 8192) return 32;
      const smooth = (8192 / wavelength - 1) / 3;
      return 1 / ((1 - smooth) / 32 + smooth);
    });
    const llama3 = (values: number[]): GgufBuilder =>
      tinyLlama()
        .put('llama.rope.freq_base', { type: 'f32', value: 500_000 })
        .tensor('rope_freqs.weight', [32], values);
    expect(await configOf(llama3(divisors))).toMatchObject({
      rope_theta: 500_000,
      rope_scaling: {
        rope_type: 'llama3',
        factor: 32,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 8192,
      },
    });
    divisors[20] = 7;
    expect(await refused(llama3(divisors).build())).toMatch(
      /rope_freqs\.weight.*no rule that is known.*7 at 20/,
    );
  });

  it('is refused for another architecture, for experts, and where a fact is missing', async () => {
    expect(await refused(tinyLlama('bloom').build())).toMatch(/'bloom'.*llama, qwen2, qwen3/);
    expect(await refused(tinyLlama().whole('llama.expert_count', 8).build())).toMatch(/experts.*8/);
    expect(await refused(tinyLlama().whole('split.count', 3).build())).toMatch(/split over 3 files.*--merge/);
    const bare = tinyLlama();
    bare.metadata.delete('llama.block_count');
    expect(await refused(bare.build())).toMatch(/key 'llama\.block_count'.*got nothing/);
    expect(await refused(tinyLlama().text('llama.block_count', 'one').build())).toMatch(
      /not of the right sort.*one/,
    );
    expect(
      await refused(
        tinyLlama().whole('llama.rope.dimension_count', 2).whole('llama.attention.key_length', 4).build(),
      ),
    ).toMatch(/part of the head/);
    const heads = tinyLlama().tensor('blk.0.attn_q.weight', [7, 8], Array<number>(56).fill(0));
    expect(await refused(heads.build())).toMatch(/'blk\.0\.attn_q\.weight'.*number of heads/);
  });

  it('keeps the rows of query and key heads in order for families that llama.cpp does not reorder', async () => {
    const rows = Array.from({ length: 64 }, (_, i) => Math.floor(i / 8));
    const firstOfRows = async (architecture: string): Promise<number[]> =>
      inFolder(async (folder) => {
        const file = path.join(folder, 'model.gguf');
        await fs.writeFile(file, tinyLlama(architecture).tensor('blk.0.attn_q.weight', [8, 8], rows).build());
        const source = await openModel(file, { cache: path.join(folder, 'cache') });
        const values = await source.readTensor('model.layers.0.self_attn.q_proj.weight');
        return Array.from({ length: 8 }, (_, row) => values[row * 8] ?? -1);
      });
    expect(await firstOfRows('qwen2')).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await firstOfRows('llama')).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  });
});
