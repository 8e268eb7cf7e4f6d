import type { Runtime } from '../../graph/runtime';
import { decomposeChange, type DecomposedChange } from './decompose';
import { ChangeProductMaker, type FactoredChange, type WeightDirections } from './products';
import { type Relation, relationOf } from './relation';

/** A change's decomposition, and how it lies to its weight. */
export interface RelatedChange {
  readonly change: DecomposedChange;
  readonly relation: Relation;
}

/**
 * Spectra of changes that are given by their factors, in O((outputs + inputs) rank^2): the tall products are a
 * runtime's, what is left is rank x rank.
 */
export class ChangeSpectra {
  readonly #products: ChangeProductMaker;

  /** `runtime` multiplies in f64, so it must be the CPU's. */
  constructor(runtime: Runtime) {
    this.#products = new ChangeProductMaker(runtime);
  }

  /** Throws an `InputError` where a number is not finite. */
  async of(change: FactoredChange): Promise<DecomposedChange> {
    return decomposeChange(change, await this.#products.of(change));
  }

  /** Also relates the change to the weight whose top directions are given. */
  async related(change: FactoredChange, weight: WeightDirections): Promise<RelatedChange> {
    const products = await this.#products.of(change, weight);
    const decomposed = decomposeChange(change, products);
    return { change: decomposed, relation: relationOf(products, decomposed, weight) };
  }

  async dispose(): Promise<void> {
    await this.#products.dispose();
  }
}
