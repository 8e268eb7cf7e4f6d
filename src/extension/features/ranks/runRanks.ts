import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { InputError } from '../../../base/errors';
import { isRecord } from '../../../base/guards';
import { selectModules } from '../../../engine/adapters/targets';
import { evenRanks, type Ranks } from '../../../plan/ranks';
import type { LowRankConfig } from '../../../protocol/experiment/types';
import type { ModelLayer } from '../spectra/subject';

/** The file of a run folder that holds the ranks that LaMDA++ chose. */
const RANKS_FILE = 'ranks.json';
const FORMAT = 1;

/**
 * The ranks that a run was made with: those of its `ranks.json`, which LaMDA++ writes, else the one of its config.
 * Rejects with `InputError` where they cannot be read.
 */
export async function readRunRanks(
  folder: string,
  adapter: LowRankConfig,
  layers: readonly ModelLayer[],
): Promise<Ranks> {
  if (adapter.method !== 'lamda++') {
    return evenRanks(adapter, selectModules(layers, adapter.target_modules));
  }
  const file = path.join(folder, RANKS_FILE);
  const ranks = decodeRanks(await textOf(file));
  if (ranks !== undefined) return ranks;
  throw new InputError({
    what: 'the run’s ranks cannot be read',
    file,
    expected: `formatVersion ${FORMAT}, and modules with their ranks`,
    remedy: 'A run of LaMDA++ writes them before its first step.',
  });
}

/** Reads the text of `ranks.json`; undefined for what is none. */
export function decodeRanks(text: string): Ranks | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value.formatVersion !== FORMAT || !Array.isArray(value.modules)) return undefined;
  const ranks = new Map<string, number>();
  for (const entry of value.modules as readonly unknown[]) {
    if (!isRecord(entry)) return undefined;
    const { module, rank } = entry;
    if (typeof module !== 'string' || typeof rank !== 'number' || !Number.isInteger(rank) || rank < 1) {
      return undefined;
    }
    ranks.set(module, rank);
  }
  return ranks.size === 0 ? undefined : ranks;
}

/** Empty where the file cannot be read. */
async function textOf(file: string): Promise<string> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch {
    return '';
  }
}
