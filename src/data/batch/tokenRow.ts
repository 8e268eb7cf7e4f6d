/** One sample as the model reads it. */
export interface TokenRow {
  readonly ids: Int32Array;
  /**
   * For each token 1 where it is a label, i.e. where the model is to learn to predict it (from the token before), else
   * 0. The first token is never predicted, whatever stands here.
   */
  readonly supervised: Uint8Array;
  /** Its number in the dataset, from 0: names the row in messages. */
  readonly index: number;
}

/** Samples that share one row of the padded form, one after the other; without packing exactly one. */
export type PaddedRow = readonly TokenRow[];

/** Labels of a sample: the positions that the loss is a mean over. */
export function supervisedCount({ supervised }: Pick<TokenRow, 'supervised'>): number {
  let count = 0;
  for (let t = 1; t < supervised.length; t++) count += supervised[t] ?? 0;
  return count;
}
