import * as path from 'node:path';
import type { SpectraSet } from '../../../protocol/panels/spectra';

/** What a model is called by people: the name of its folder or file. */
export function modelName(model: string): string {
  return path.basename(model);
}

/** Sets by which a model is compared with another. */
export interface ComparedSets {
  /** The spectra of its weights. */
  readonly weights: SpectraSet;
  /** Of what it differs by. */
  readonly change: SpectraSet;
}

/** The sets that comparing `base` with `model` adds; the names tell models of one name apart by their folders. */
export function comparedSetsOf(base: string, model: string): ComparedSets {
  const same = modelName(base) === modelName(model);
  const name = same ? path.join(path.basename(path.dirname(model)), modelName(model)) : modelName(model);
  return {
    weights: { key: `compared ${model}`, name, of: 'weights' },
    change: { key: `difference ${model}`, name: `ΔW of ${name}`, of: 'change' },
  };
}
