type Metadata =
  | { readonly type: 'u32'; readonly value: number }
  | { readonly type: 'f32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'i32s'; readonly value: readonly number[] }
  | { readonly type: 'f32s'; readonly value: readonly number[] };

export interface TensorSpec {
  readonly name: string;
  /** Row-major. */
  readonly shape: readonly number[];
  readonly type: number;
  readonly data: Uint8Array;
  /** Instead of the right one. */
  readonly offset?: number;
}

/** Builds the bytes of a GGUF file (version 3), right or wrong as the test wants it. */
export class GgufBuilder {
  readonly metadata = new Map<string, Metadata>();
  readonly tensors: TensorSpec[] = [];
  version = 3;
  private bytes: number[] = [];

  text(key: string, value: string): this {
    return this.put(key, { type: 'string', value });
  }
  whole(key: string, value: number): this {
    return this.put(key, { type: 'u32', value });
  }
  put(key: string, value: Metadata): this {
    this.metadata.set(key, value);
    return this;
  }
  tensor(name: string, shape: readonly number[], values: readonly number[]): this {
    this.tensors.push({ name, shape, type: 0, data: new Uint8Array(Float32Array.from(values).buffer) });
    return this;
  }

  build(): Uint8Array {
    this.bytes = [...new TextEncoder().encode('GGUF')];
    this.u32(this.version);
    this.u64(this.tensors.length);
    this.u64(this.metadata.size);
    for (const [key, value] of this.metadata) {
      this.string(key);
      this.value(value);
    }
    let offset = 0;
    for (const tensor of this.tensors) {
      this.string(tensor.name);
      this.u32(tensor.shape.length);
      for (const size of [...tensor.shape].reverse()) this.u64(size);
      this.u32(tensor.type);
      this.u64(tensor.offset ?? offset);
      offset += Math.ceil(tensor.data.length / 32) * 32;
    }
    for (const { data } of this.tensors) {
      while (this.bytes.length % 32 !== 0) this.bytes.push(0);
      this.bytes.push(...data);
    }
    return Uint8Array.from(this.bytes);
  }

  private value(metadata: Metadata): void {
    switch (metadata.type) {
      case 'u32':
        this.u32(4);
        {
          this.u32(metadata.value);
          return;
        }
      case 'f32':
        this.u32(6);
        {
          this.f32(metadata.value);
          return;
        }
      case 'bool':
        this.u32(7);
        this.bytes.push(metadata.value ? 1 : 0);
        return;
      case 'string':
        this.u32(8);
        {
          this.string(metadata.value);
          return;
        }
      case 'strings': {
        this.array(8, metadata.value, (value) => this.string(value));
        return;
      }
      case 'i32s': {
        this.array(5, metadata.value, (value) => this.u32(value));
        return;
      }
      case 'f32s': {
        this.array(6, metadata.value, (value) => this.f32(value));
        return;
      }
    }
  }

  private array<T>(type: number, values: readonly T[], write: (value: T) => void): void {
    this.u32(9);
    this.u32(type);
    this.u64(values.length);
    values.forEach(write);
  }

  private string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.u64(bytes.length);
    this.bytes.push(...bytes);
  }
  private u32(value: number): void {
    this.bytes.push(...new Uint8Array(Uint32Array.of(value).buffer));
  }
  private f32(value: number): void {
    this.bytes.push(...new Uint8Array(Float32Array.of(value).buffer));
  }
  private u64(value: number): void {
    this.bytes.push(...new Uint8Array(BigUint64Array.of(BigInt(value)).buffer));
  }
}

/** Metadata of a small llama model: hidden 8, 2 heads of 4, 1 key head, 1 layer. */
export function tinyLlama(architecture = 'llama'): GgufBuilder {
  return new GgufBuilder()
    .text('general.architecture', architecture)
    .whole(`${architecture}.embedding_length`, 8)
    .whole(`${architecture}.attention.head_count`, 2)
    .whole(`${architecture}.attention.head_count_kv`, 1)
    .whole(`${architecture}.block_count`, 1)
    .whole(`${architecture}.feed_forward_length`, 16)
    .whole(`${architecture}.context_length`, 64)
    .text('tokenizer.ggml.model', 'gpt2')
    .text('tokenizer.ggml.pre', 'gpt-2')
    .put('tokenizer.ggml.tokens', { type: 'strings', value: ['<s>', 'a', 'b', 'ab'] })
    .put('tokenizer.ggml.token_type', { type: 'i32s', value: [3, 1, 1, 1] })
    .put('tokenizer.ggml.merges', { type: 'strings', value: ['a b'] })
    .tensor(
      'token_embd.weight',
      [4, 8],
      Array.from({ length: 32 }, (_, i) => i),
    );
}
