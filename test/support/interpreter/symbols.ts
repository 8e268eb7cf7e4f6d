import { evaluateDim, type Dim, type Shape } from '../../../src/engine/graph/dims';

/** The symbols of a graph as the shapes of its tensors give them, and a check that all tensors agree. */
export class Symbols {
  private readonly bound: Record<string, number> = {};

  /** Holds a declared shape against the one that came: binds a symbol that is new, throws where they differ. */
  match(name: string, declared: Shape, actual: readonly number[]): void {
    const fits =
      declared.length === actual.length && declared.every((dim, i) => this.matchDim(dim, actual[i] ?? 0));
    if (!fits) {
      const symbols = JSON.stringify(this.bound);
      throw new Error(
        `${name} is declared [${declared.join()}] and came as [${actual.join()}] with ${symbols}`,
      );
    }
  }

  /** A declared shape in numbers; one dimension that is not bound yet follows from the number of elements. */
  resolve(declared: Shape, count: number): readonly number[] {
    const known = declared.map((dim) =>
      this.free(dim).length === 0 ? evaluateDim(dim, this.bound) : undefined,
    );
    const rest = count / known.reduce<number>((all, dim) => all * (dim ?? 1), 1);
    return known.map((dim) => dim ?? rest);
  }

  private free(dim: Dim): readonly string[] {
    if (typeof dim === 'number') return [];
    return dim.split('*').filter((factor) => !/^\d+$/.test(factor) && !(factor in this.bound));
  }

  private matchDim(dim: Dim, actual: number): boolean {
    const free = this.free(dim);
    const [symbol] = free;
    if (symbol === undefined) return evaluateDim(dim, this.bound) === actual;
    if (free.length > 1) return true;
    const size = actual / evaluateDim(dim, { ...this.bound, [symbol]: 1 });
    this.bound[symbol] = size;
    return Number.isInteger(size);
  }
}
