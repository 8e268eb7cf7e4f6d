import {
  Locals,
  f64,
  i32,
  ifElse,
  sequence,
  whileLoop,
  type Code,
  type Local,
  type WasmFunction,
} from '../wasm/assembler';

/**
 * All eigenvalues of a symmetric tridiagonal matrix in WebAssembly: QL steps without square roots (Pal, Walker & Kahan,
 * in Parlett, The Symmetric Eigenvalue Problem, section 8.15) with Wilkinson's shift. An off-diagonal below u times the
 * greatest number of the matrix counts as zero.
 */

/** What the function works on; places are bytes. It gives 1, or 0 where it did not converge. */
interface EigenvalueArguments {
  readonly size: number;
  /** In: the diagonal, [size]. Out: the eigenvalues, in no order. */
  readonly diagonal: number;
  /** In: [size], of which the i-th stands between rows i - 1 and i. It is overwritten. */
  readonly offDiagonal: number;
}

/** The arguments in the function's order. */
export function eigenvaluesCall(of: EigenvalueArguments): readonly number[] {
  return [of.size, of.diagonal, of.offDiagonal];
}

/** Square of the unit round-off of f64. */
const U_SQUARED = 2 ** -106;
/** A square with this share of the greatest is zero; dividing by a smaller one could leave the range of f64. */
const NOTHING = 2 ** -400;
/** QL steps that an eigenvalue may take on average; two are usual. */
const MOST_STEPS = 30;

const DOUBLE = 8;

/** The function; see `eigenvaluesCall`. Rows are counted in bytes, so that they can be added to a place. */
export function eigenvalues(): WasmFunction {
  const locals = new Locals();
  const size = locals.parameter('i32');
  const diagonal = locals.parameter('i32');
  const squares = locals.parameter('i32');
  const [first, last, final, steps] = [
    locals.add('i32'),
    locals.add('i32'),
    locals.add('i32'),
    locals.add('i32'),
  ];
  const [least, nothing] = [locals.add('f64'), locals.add('f64')];
  const at = (array: Local, row: Local): Code => i32.add(array.get, row.get);
  const next = (row: Local): Code => row.set(i32.add(row.get, i32.const(DOUBLE)));

  const greatest = least;
  const squareAll = sequence(
    greatest.set(f64.mul(f64.load(at(diagonal, final)), f64.load(at(diagonal, final)))),
    first.set(i32.const(0)),
    whileLoop(
      i32.lt_u(first.get, final.get),
      sequence(
        // The square of the number between this row and the next; the array held that between this and the one before.
        f64.store(
          at(squares, first),
          f64.mul(f64.load(at(squares, first), DOUBLE), f64.load(at(squares, first), DOUBLE)),
        ),
        greatest.set(f64.max(greatest.get, f64.load(at(squares, first)))),
        greatest.set(
          f64.max(greatest.get, f64.mul(f64.load(at(diagonal, first)), f64.load(at(diagonal, first)))),
        ),
        next(first),
      ),
    ),
    nothing.set(f64.mul(greatest.get, f64.const(NOTHING))),
    least.set(f64.mul(greatest.get, f64.const(U_SQUARED))),
  );
  /** `last`: the last row of the block that begins at `first` and holds no off-diagonal of zero. */
  const findBlock = sequence(
    last.set(first.get),
    whileLoop(
      i32.and(i32.lt_u(last.get, final.get), f64.gt(f64.load(at(squares, last)), least.get)),
      next(last),
    ),
  );
  const body = sequence(
    final.set(i32.shl(i32.sub(size.get, i32.const(1)), i32.const(3))),
    steps.set(i32.mul(size.get, i32.const(MOST_STEPS))),
    squareAll,
    first.set(i32.const(0)),
    whileLoop(
      i32.and(i32.lt_u(first.get, final.get), i32.ne(steps.get, i32.const(0))),
      sequence(
        findBlock,
        ifElse(
          i32.eq(last.get, first.get),
          next(first),
          sequence(
            steps.set(i32.sub(steps.get, i32.const(1))),
            stepUp(locals, { diagonal, squares, first, last, nothing }),
          ),
        ),
      ),
    ),
    i32.ne(steps.get, i32.const(0)),
  );
  return { name: 'eigenvalues', locals, result: 'i32', body };
}

interface Block {
  readonly diagonal: Local;
  readonly squares: Local;
  readonly first: Local;
  readonly last: Local;
  readonly nothing: Local;
}

/**
 * One QL step from the block's last row to its first. The squares are those of the off-diagonals; `p` is gamma^2 over
 * the cosine's square, which is how the method gets by without a square root.
 */
function stepUp(locals: Locals, { diagonal, squares, first, last, nothing }: Block): Code {
  const row = locals.add('i32');
  const [shift, cosine, sine, gamma, p] = [
    locals.add('f64'),
    locals.add('f64'),
    locals.add('f64'),
    locals.add('f64'),
    locals.add('f64'),
  ];
  const [square, r, before, alpha, inverse] = [
    locals.add('f64'),
    locals.add('f64'),
    locals.add('f64'),
    locals.add('f64'),
    locals.add('f64'),
  ];
  const at = (array: Local, index: Local): Code => i32.add(array.get, index.get);
  const rotate = sequence(
    // Two divisions that do not wait for one another: p / cosine is r.
    inverse.set(f64.div(f64.const(1), r.get)),
    cosine.set(f64.mul(p.get, inverse.get)),
    sine.set(f64.mul(square.get, inverse.get)),
    gamma.set(f64.sub(f64.mul(cosine.get, f64.sub(alpha.get, shift.get)), f64.mul(sine.get, before.get))),
    p.set(f64.mul(f64.mul(gamma.get, gamma.get), f64.div(r.get, p.get))),
  );
  const swap = sequence(
    p.set(f64.mul(cosine.get, square.get)),
    cosine.set(f64.const(0)),
    sine.set(f64.const(1)),
    gamma.set(f64.neg(before.get)),
  );
  return sequence(
    shift.set(wilkinsonShift(locals, at(diagonal, first), at(squares, first))),
    cosine.set(f64.const(1)),
    sine.set(f64.const(0)),
    gamma.set(f64.sub(f64.load(at(diagonal, last)), shift.get)),
    p.set(f64.mul(gamma.get, gamma.get)),
    row.set(last.get),
    whileLoop(
      i32.ne(row.get, first.get),
      sequence(
        row.set(i32.sub(row.get, i32.const(DOUBLE))),
        square.set(f64.load(at(squares, row))),
        r.set(f64.add(p.get, square.get)),
        // With the block's last row this makes the square behind it 0, which it counted as.
        f64.store(at(squares, row), f64.mul(sine.get, r.get), DOUBLE),
        before.set(gamma.get),
        alpha.set(f64.load(at(diagonal, row))),
        ifElse(f64.gt(p.get, nothing.get), rotate, swap),
        f64.store(at(diagonal, row), f64.add(before.get, f64.sub(alpha.get, gamma.get)), DOUBLE),
      ),
    ),
    f64.store(at(squares, first), f64.mul(sine.get, p.get)),
    f64.store(at(diagonal, first), f64.add(shift.get, gamma.get)),
  );
}

/** The eigenvalue of [[a, e], [e, b]] that is nearer to a, the first row's diagonal. */
function wilkinsonShift(locals: Locals, diagonal: Code, square: Code): Code {
  const [a, e, half] = [locals.add('f64'), locals.add('f64'), locals.add('f64')];
  const root = f64.sqrt(f64.add(f64.const(1), f64.mul(half.get, half.get)));
  return sequence(
    a.set(f64.load(diagonal)),
    e.set(f64.sqrt(f64.load(square))),
    half.set(f64.div(f64.sub(f64.load(diagonal, DOUBLE), a.get), f64.add(e.get, e.get))),
    f64.sub(a.get, f64.div(e.get, f64.add(half.get, f64.copysign(root, half.get)))),
  );
}
