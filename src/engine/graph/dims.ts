import { GraphError } from '../../base/errors';

/**
 * One dimension of a shape: a number, or a monomial over symbols that are bound when the graph runs, in
 * canonical form: an optional coefficient, then the symbols in order, joined by `*` (`N`, `4*K`, `B*L`).
 */
export type Dim = number | string;
export type Shape = readonly Dim[];
/** What each symbol stands for in one call, e.g. `{ N: 812, B: 4, L: 256 }`. */
export type DimBindings = Readonly<Record<string, number>>;

interface Monomial {
  readonly coefficient: number;
  readonly symbols: readonly string[];
}

function parse(dim: Dim): Monomial {
  if (typeof dim === 'number') return { coefficient: dim, symbols: [] };
  let coefficient = 1;
  const symbols: string[] = [];
  for (const factor of dim.split('*')) {
    if (/^\d+$/.test(factor)) coefficient *= Number(factor);
    else symbols.push(factor);
  }
  return { coefficient, symbols };
}

function format({ coefficient, symbols }: Monomial): Dim {
  if (symbols.length === 0 || coefficient === 0) return coefficient;
  const sorted = [...symbols].sort();
  return (coefficient === 1 ? sorted : [String(coefficient), ...sorted]).join('*');
}

/** Product of dimensions, in canonical form: `dimProduct([4, 'L', 'B'])` is `4*B*L`. */
export function dimProduct(dims: Shape): Dim {
  let coefficient = 1;
  const symbols: string[] = [];
  for (const dim of dims) {
    const m = parse(dim);
    coefficient *= m.coefficient;
    symbols.push(...m.symbols);
  }
  return format({ coefficient, symbols });
}

/** Exact quotient, or undefined where `divisor` does not divide `dim` for every binding. */
export function dimQuotient(dim: Dim, divisor: Dim): Dim | undefined {
  const a = parse(dim);
  const b = parse(divisor);
  if (b.coefficient === 0 || a.coefficient % b.coefficient !== 0) return undefined;
  const symbols = [...a.symbols];
  for (const symbol of b.symbols) {
    const at = symbols.indexOf(symbol);
    if (at < 0) return undefined;
    symbols.splice(at, 1);
  }
  return format({ coefficient: a.coefficient / b.coefficient, symbols });
}

/** Sum of dimensions, or undefined where it is no monomial: `K + 3*K` is `4*K`, `N + 1` is none. */
export function dimSum(dims: Shape): Dim | undefined {
  const parsed = dims.map(parse);
  const symbols = parsed[0]?.symbols ?? [];
  const key = [...symbols].sort().join('*');
  if (parsed.some((m) => [...m.symbols].sort().join('*') !== key)) return undefined;
  return format({ coefficient: parsed.reduce((sum, m) => sum + m.coefficient, 0), symbols });
}

/** The number a dimension stands for; throws a GraphError for an unbound symbol. */
export function evaluateDim(dim: Dim, bindings: DimBindings): number {
  const { coefficient, symbols } = parse(dim);
  let product = coefficient;
  for (const symbol of symbols) {
    const bound = Object.hasOwn(bindings, symbol) ? bindings[symbol] : undefined;
    if (bound === undefined) {
      throw new GraphError({
        what: `dimension symbol '${symbol}' is not bound`,
        got: Object.keys(bindings).join(', '),
      });
    }
    product *= bound;
  }
  return product;
}

/** Number of elements of a shape under bindings. */
export function elementCount(shape: Shape, bindings: DimBindings = {}): number {
  return shape.reduce<number>((product, dim) => product * evaluateDim(dim, bindings), 1);
}

export function shapesEqual(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/**
 * NumPy broadcasting of two shapes. A symbol broadcasts only with itself or 1; undefined where they do not fit.
 */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const out: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const da = a[a.length - rank + i] ?? 1;
    const db = b[b.length - rank + i] ?? 1;
    if (da === db || db === 1) out.push(da);
    else if (da === 1) out.push(db);
    else return undefined;
  }
  return out;
}
