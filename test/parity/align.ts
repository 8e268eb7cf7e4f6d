import type { FirstStep } from './engine';
import type { ReferenceTensor } from './tensors';

/** The trained values and their gradients, by name. */
type Aligned = Pick<FirstStep, 'parameters' | 'gradients'>;

/**
 * Singular vectors come in pairs that may both be turned round; nothing that is learnt depends on it. Turns ours the
 * way the reference's lie: rows of `lora_A`, columns of `lora_B` and `pmb`, rows and columns of `lda`. What does not
 * come from singular vectors already lies the same way and is left as it is.
 */
export function alignSigns(ours: Aligned, reference: ReadonlyMap<string, ReferenceTensor>): Aligned {
  const parameters = new Map(ours.parameters);
  const gradients = new Map(ours.gradients);
  for (const name of ours.parameters.keys()) {
    const module = name.slice(0, name.lastIndexOf('.'));
    const signs = columnSigns(ours, reference, module);
    if (signs === undefined) continue;
    for (const values of [parameters, gradients]) {
      const value = values.get(name);
      if (value !== undefined) values.set(name, turn(name, value, signs));
    }
  }
  return { parameters, gradients };
}

/** For each column of the module's second factor, whether it lies with (1) or against (-1) the reference's. */
function columnSigns(
  ours: Aligned,
  reference: ReadonlyMap<string, ReferenceTensor>,
  module: string,
): readonly number[] | undefined {
  const factor = ['pmb', 'lora_B'].find((name) => reference.has(`${module}.${name}`));
  if (factor === undefined) return undefined;
  const theirs = reference.get(`${module}.${factor}`);
  const mine = ours.parameters.get(`${module}.${factor}`);
  const rank = theirs?.shape[1] ?? 0;
  const dots = new Float64Array(rank);
  theirs?.data.forEach((value, i) => {
    dots[i % rank] = (dots[i % rank] ?? 0) + value * (mine?.[i] ?? 0);
  });
  return Array.from(dots, (dot) => (dot < 0 ? -1 : 1));
}

function turn(name: string, value: Float32Array, signs: readonly number[]): Float32Array {
  const sign = (i: number): number => signs[i] ?? 1;
  const rank = signs.length;
  const columns = value.length / rank;
  if (name.endsWith('.lora_A')) return value.map((v, i) => v * sign(Math.floor(i / columns)));
  if (name.endsWith('.lda')) return value.map((v, i) => v * sign(Math.floor(i / rank)) * sign(i % rank));
  return value.map((v, i) => v * sign(i % rank));
}
