import { isRecord, numberAt, numbersAt } from './decode';

/** A training run as its numbers: index k is step k + 1; evaluation losses by step. */
export interface History {
  readonly losses: readonly number[];
  readonly gradNorms: readonly number[];
  readonly learningRates: readonly number[];
  /** Supervised tokens. */
  readonly tokens: readonly number[];
  /** Tokens without padding. */
  readonly inputTokens: readonly number[];
  /** Numbers that were trained in the step. */
  readonly trainable: readonly number[];
  readonly evaluations: ReadonlyMap<number, number>;
}

/** The reference's reply to `train`, and the form in which golden files keep it. */
export function decodeHistory(value: unknown): History {
  if (!isRecord(value)) throw new Error('the reference sent no history');
  const evaluations = value['evaluations'];
  if (!isRecord(evaluations)) throw new Error('the reference sent no evaluations');
  return {
    losses: numbersAt(value, 'losses'),
    gradNorms: numbersAt(value, 'grad_norms'),
    learningRates: numbersAt(value, 'learning_rates'),
    tokens: numbersAt(value, 'tokens'),
    inputTokens: numbersAt(value, 'input_tokens'),
    trainable: numbersAt(value, 'trainable'),
    evaluations: new Map(Object.keys(evaluations).map((step) => [Number(step), numberAt(evaluations, step)])),
  };
}

/** The lines of `metrics.jsonl`, parsed, in their order. */
export function historyOfMetrics(lines: readonly Readonly<Record<string, unknown>>[]): History {
  const train = lines.filter((line) => line['split'] === 'train');
  const column = (key: string): number[] => train.map((line) => numberAt(line, key));
  const evaluations = lines.filter((line) => line['split'] === 'eval');
  return {
    losses: column('loss'),
    gradNorms: column('grad_norm'),
    learningRates: column('learning_rate'),
    tokens: column('tokens'),
    inputTokens: column('input_tokens'),
    trainable: column('trainable'),
    evaluations: new Map(evaluations.map((line) => [numberAt(line, 'step'), numberAt(line, 'loss')])),
  };
}

/** The largest |ours - theirs| / |theirs| over two lists of the same length; Infinity where one is not a number. */
export function worstRelative(ours: readonly number[], theirs: readonly number[]): number {
  if (ours.length !== theirs.length) throw new Error(`${ours.length} values against ${theirs.length}`);
  return ours.reduce((worst, value, i) => {
    const other = theirs[i] ?? Number.NaN;
    const distance = value === other ? 0 : Math.abs(value - other) / Math.abs(other);
    return Math.max(worst, Number.isNaN(distance) ? Infinity : distance);
  }, 0);
}
