import { cpus, release, totalmem, type } from 'node:os';
import { readFileSync } from 'node:fs';

const VECTORS = [
  'avx',
  'avx2',
  'fma',
  'avx512f',
  'avx512_vnni',
  'avx512_bf16',
  'avx_vnni',
  'amx_tile',
  'asimd',
  'sve',
];

/** What the figures were measured on; a figure means nothing without it. */
export function machine() {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    vectors: vectorExtensions(),
    memory_gb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
  };
}

/** The vector extensions the kernel names; empty where it names none. */
function vectorExtensions() {
  try {
    const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
    const flags = new Set((line?.[1] ?? '').split(/\s+/));
    return VECTORS.filter((name) => flags.has(name));
  } catch {
    return [];
  }
}
