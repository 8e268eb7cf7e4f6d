import fc from 'fast-check';

/**
 * How many damaged inputs each reader gets, 10,000 in all; `PROPERTY_RUNS` in the environment gives another sum, for
 * a long search.
 */
const SHARES = {
  experimentText: 2000,
  experimentOverrides: 500,
  modelConfig: 1000,
  safetensors: 2200,
  gguf: 1600,
  ggufModel: 300,
  shardIndex: 300,
  dataFiles: 1500,
  tokenTable: 200,
  checkpoint: 200,
  adapterFolder: 200,
} as const;

const IN_ALL = Object.values(SHARES).reduce((sum, share) => sum + share, 0);

/** How often the reader named is tried. */
export function damagedInputs(reader: keyof typeof SHARES): number {
  return Math.ceil((SHARES[reader] / IN_ALL) * Number(process.env['PROPERTY_RUNS'] ?? IN_ALL));
}

/** What may be done to a file: bytes set, a 64-bit number overwritten, a piece cut out, the end cut or stretched. */
export const damage = fc.array(
  fc.record({
    kind: fc.constantFrom('byte', 'number', 'cut', 'end', 'grow', 'swap'),
    at: fc.nat(),
    value: fc.nat(),
    number: fc.oneof(
      fc.constantFrom(0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    ),
  }),
  { minLength: 1, maxLength: 4 },
);
export type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

/** A file's bytes after such changes. */
export function damaged(bytes: Uint8Array, changes: Damage): Uint8Array {
  let result = bytes.slice();
  for (const { kind, at, value, number } of changes) {
    const position = result.length === 0 ? 0 : at % result.length;
    const piece = value % 16;
    if (kind === 'byte' && result.length > 0) result[position] = value & 255;
    else if (kind === 'number' && result.length >= 8) {
      new DataView(result.buffer).setBigUint64(Math.min(position, result.length - 8), number, true);
    } else if (kind === 'cut') {
      result = Uint8Array.from([...result.subarray(0, position), ...result.subarray(position + piece)]);
    } else if (kind === 'end') result = result.slice(0, position);
    else if (kind === 'grow') result = Uint8Array.from([...result, ...new Uint8Array(piece)]);
    else if (kind === 'swap')
      result.copyWithin(position, value % (result.length + 1), (value % (result.length + 1)) + 8);
  }
  return result;
}
