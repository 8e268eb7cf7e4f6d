import { isRecord } from '../../../base/guards';

/** One line of `metrics.jsonl` with every number it has, known or not. */
export interface NumbersLine {
  readonly split: 'train' | 'eval';
  readonly step: number;
  readonly values: ReadonlyMap<string, number>;
}

/** Reads a line; undefined for what is no metric line. */
export function decodeNumbers(text: string): NumbersLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A line that a crash of the machine has torn: every reader drops it.
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { split, step } = value;
  if ((split !== 'train' && split !== 'eval') || typeof step !== 'number') return undefined;
  const values = new Map<string, number>();
  for (const [key, number] of Object.entries(value)) {
    if (key !== 'step' && typeof number === 'number') values.set(key, number);
  }
  return { split, step, values };
}
