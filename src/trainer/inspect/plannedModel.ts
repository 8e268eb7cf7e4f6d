import type { OpenedModel } from '../training/model';
import type { PlannedModel } from '../training/plan';

/** A model as its weights will be once they are f32: none is read, and where they will lie is not known yet. */
export function plannedModel({ config, source }: OpenedModel): PlannedModel {
  const tensors = new Map(
    [...source.tensors].map(([name, { shape }]) => [
      name,
      { length: shape.reduce((product, size) => product * size, 4) },
    ]),
  );
  return {
    config,
    weights: { tensors },
    locate: (weight) => ({ file: weight, offset: 0, length: tensors.get(weight)?.length ?? 0 }),
  };
}
