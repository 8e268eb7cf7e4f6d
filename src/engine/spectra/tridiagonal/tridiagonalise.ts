import {
  Locals,
  f64,
  f64x2,
  i32,
  ifElse,
  sequence,
  whileLoop,
  type Code,
  type Local,
  type WasmFunction,
} from '../wasm/assembler';
import { waitForAll } from './barrier';

/**
 * Householder tridiagonalisation in WebAssembly, from the last row up (Wilkinson & Reinsch 1971, `tred1`; Golub & Van
 * Loan, 4th ed., algorithm 8.3.1). A reflection H = I - v v^T with |v|^2 = 2 takes the leading matrix A to
 * A - v w^T - w v^T, where y = A v and w = y - (v.y / 2) v.
 *
 * The way to memory costs as much as the arithmetic, so the update by one reflection and the product with the next
 * vector are made in one pass over half of the matrix: eight operations for each number that is read and written.
 *
 * Memory. The matrix has rows of `strideBytes`; of row i the columns 0 .. i|1 are used, so that the blocks of 2 x 2 on
 * the diagonal are whole. `lanes` holds the vectors, 64 bytes for every two columns: two numbers each of v and w, which
 * are still to be applied, of x, the next reflection, and of y. That is a cache line, found by one pointer. An odd
 * matrix has a row and a column of zeros more.
 *
 * Threads. The pairs of rows are dealt out in turn to `parts`, each with lanes of its own: every part makes all of v, w
 * and x, which is little, and of the product what its rows give. Then all wait for each other, and add up the parts'
 * products in the same order. So the number of parts decides the bits, and not how many threads share them.
 */

/** Bytes in `lanes` for two columns. */
export const LANE_BYTES = 64;
const V = 0;
const W = 16;
const X = 32;
const Y = 48;

const DOUBLE = 8;
const PAIR = 16;

/** What the function works on; places are bytes. */
interface KernelArguments {
  readonly size: number;
  readonly matrix: number;
  readonly strideBytes: number;
  /** A row of zeros at first, for what is written and of no use. */
  readonly spareRow: number;
  /** Zeros at first: `parts` times `partBytes`. */
  readonly lanes: number;
  readonly partBytes: number;
  readonly parts: number;
  /** The parts of this call; where these are not all of them, other threads must call for the others. */
  readonly firstPart: number;
  readonly endPart: number;
  /** A 32-bit 0, where the threads wait for each other. */
  readonly barrier: number;
  /** Out: the diagonal, [size]. */
  readonly diagonal: number;
  /** Out: [size], of which the i-th stands between rows i - 1 and i. The first is 0. */
  readonly offDiagonal: number;
  /** Where the squares of what is to become zero in a row sum up to no more than this, it counts as zero. */
  readonly negligible: number;
}

/** The arguments in the function's order. */
export function tridiagonaliseCall(of: KernelArguments): readonly number[] {
  return [
    of.size,
    of.matrix,
    of.strideBytes,
    of.spareRow,
    of.lanes,
    of.partBytes,
    of.parts,
    of.firstPart,
    of.endPart,
    of.barrier,
    of.diagonal,
    of.offDiagonal,
    of.negligible,
  ];
}

/** The locals that the pieces of the kernel share. */
interface Frame {
  readonly locals: Locals;
  readonly strideBytes: Local;
  readonly matrix: Local;
  readonly spareRow: Local;
  readonly partBytes: Local;
  readonly parts: Local;
  /** The part at hand, and its lanes. */
  readonly part: Local;
  readonly lanes: Local;
  /** The row at hand, and so the size of the matrix that is left when it is gone. */
  readonly m: Local;
  /** Where row m begins. */
  readonly row: Local;
  /** Where in `lanes` the pair of columns 2 * floor(m / 2) stands. */
  readonly lastLane: Local;
  /** Walks along `lanes`. */
  readonly lane: Local;
}

/** The function; see `tridiagonaliseCall`. */
export function tridiagonalise(): WasmFunction {
  const locals = new Locals();
  const size = locals.parameter('i32');
  const matrix = locals.parameter('i32');
  const strideBytes = locals.parameter('i32');
  const spareRow = locals.parameter('i32');
  const allLanes = locals.parameter('i32');
  const partBytes = locals.parameter('i32');
  const parts = locals.parameter('i32');
  const firstPart = locals.parameter('i32');
  const endPart = locals.parameter('i32');
  const barrier = locals.parameter('i32');
  const diagonal = locals.parameter('i32');
  const offDiagonal = locals.parameter('i32');
  const negligible = locals.parameter('f64');
  const [part, lanes, m] = [locals.add('i32'), locals.add('i32'), locals.add('i32')];
  const [row, lastLane, lane] = [locals.add('i32'), locals.add('i32'), locals.add('i32')];
  const frame: Frame = {
    locals,
    strideBytes,
    matrix,
    spareRow,
    partBytes,
    parts,
    part,
    lanes,
    m,
    row,
    lastLane,
    lane,
  };
  const off = locals.add('f64');
  const at = (array: Local, index: Code): Code => i32.add(array.get, i32.shl(index, i32.const(3)));
  const forOwnParts = (body: Code): Code =>
    sequence(
      part.set(firstPart.get),
      whileLoop(
        i32.lt_u(part.get, endPart.get),
        sequence(
          lanes.set(i32.add(allLanes.get, i32.mul(part.get, partBytes.get))),
          lastLane.set(laneOf(frame, m.get)),
          body,
          part.set(i32.add(part.get, i32.const(1))),
        ),
      ),
    );
  const wait = waitForAll(locals, barrier, parts);
  const shared = i32.lt_u(i32.sub(endPart.get, firstPart.get), parts.get);

  // Every part stores the same numbers on the diagonal and beside it.
  const pass = sequence(
    updateRow(frame),
    f64.store(at(diagonal, m.get), f64.load(elementOf(frame, m.get, X))),
    f64.store(elementOf(frame, m.get, X), f64.const(0)),
    off.set(f64.const(0)),
    ifElse(m.get, sequence(reflect(frame, off, negligible), passOver(frame))),
    f64.store(at(offDiagonal, m.get), off.get),
  );
  const step = sequence(
    row.set(i32.add(matrix.get, i32.mul(m.get, strideBytes.get))),
    forOwnParts(pass),
    ifElse(shared, wait),
    ifElse(m.get, forOwnParts(finishReflection(frame))),
    // Before the next pass clears what others may still be adding up.
    ifElse(shared, wait),
  );
  const body = sequence(
    m.set(size.get),
    whileLoop(m.get, sequence(m.set(i32.sub(m.get, i32.const(1))), step)),
  );
  return { name: 'tridiagonalise', locals, body };
}

/** Where the pair of columns with column `index` stands in `lanes`: a pair has 64 bytes, a column 32 of them. */
function laneOf({ lanes }: Frame, index: Code): Code {
  return i32.add(lanes.get, i32.shl(i32.and(index, i32.const(-2)), i32.const(5)));
}

/** Where the number of one vector for column `index` stands in `lanes`. */
function elementOf(frame: Frame, index: Code, vector: number): Code {
  const odd = i32.shl(i32.and(index, i32.const(1)), i32.const(3));
  return i32.add(i32.add(laneOf(frame, index), odd), i32.const(vector));
}

/** Carries out `body` for every pair of columns up to that of row m. */
function alongLanes({ lanes, lane, lastLane }: Frame, body: Code): Code {
  return sequence(
    lane.set(lanes.get),
    whileLoop(
      i32.le_u(lane.get, lastLane.get),
      sequence(body, lane.set(i32.add(lane.get, i32.const(LANE_BYTES)))),
    ),
  );
}

/** x = row m of the matrix as the reflection before leaves it: A_m - v_m w - w_m v. Beyond column m it is 0. */
function updateRow(frame: Frame): Code {
  const { locals, lane, row, m } = frame;
  const [vm, wm, p] = [locals.add('v128'), locals.add('v128'), locals.add('i32')];
  const v = f64x2.load(lane.get, V);
  const w = f64x2.load(lane.get, W);
  const updated = f64x2.sub(f64x2.sub(f64x2.load(p.get), f64x2.mul(vm.get, w)), f64x2.mul(wm.get, v));
  return sequence(
    vm.set(f64x2.loadSplat(elementOf(frame, m.get, V))),
    wm.set(f64x2.loadSplat(elementOf(frame, m.get, W))),
    p.set(row.get),
    alongLanes(
      frame,
      sequence(
        f64x2.store(lane.get, updated, X),
        f64x2.store(lane.get, f64x2.splat(f64.const(0)), Y),
        p.set(i32.add(p.get, i32.const(PAIR))),
      ),
    ),
    // With m even its pair has a column m + 1, which is no more a part of the matrix.
    ifElse(
      i32.eqz(i32.and(m.get, i32.const(1))),
      f64.store(elementOf(frame, m.get, X), f64.const(0), DOUBLE),
    ),
  );
}

/**
 * Makes x, row m without its diagonal, the vector of the reflection that leaves of the row only its last number, and
 * `off` that number: alpha becomes -sign(alpha) |x|. Nothing is reflected where the rest is zero already.
 */
function reflect(frame: Frame, off: Local, negligible: Local): Code {
  const { locals, lane, m } = frame;
  const [sums, factor] = [locals.add('v128'), locals.add('v128')];
  const [alpha, rest, norm, scale] = [
    locals.add('f64'),
    locals.add('f64'),
    locals.add('f64'),
    locals.add('f64'),
  ];
  const pivot = elementOf(frame, i32.sub(m.get, i32.const(1)), X);
  const x = f64x2.load(lane.get, X);
  const scaled = alongLanes(frame, f64x2.store(lane.get, f64x2.mul(x, factor.get), X));
  return sequence(
    alpha.set(f64.load(pivot)),
    f64.store(pivot, f64.const(0)),
    sums.set(f64x2.splat(f64.const(0))),
    alongLanes(frame, sums.set(f64x2.add(sums.get, f64x2.mul(x, x)))),
    rest.set(sumOfLanes(sums)),
    ifElse(
      f64.gt(rest.get, negligible.get),
      sequence(
        norm.set(f64.sqrt(f64.add(rest.get, f64.mul(alpha.get, alpha.get)))),
        off.set(f64.neg(f64.copysign(norm.get, alpha.get))),
        // |x - off e|^2 = 2 norm (norm + |alpha|), and it is to be 2.
        scale.set(f64.sqrt(f64.div(f64.const(1), f64.mul(norm.get, f64.add(norm.get, f64.abs(alpha.get)))))),
        f64.store(pivot, f64.sub(alpha.get, off.get)),
        factor.set(f64x2.splat(scale.get)),
        scaled,
      ),
      sequence(off.set(alpha.get), factor.set(f64x2.splat(f64.const(0))), scaled),
    ),
  );
}

/**
 * One pass over the part's rows below m, two at a time: A becomes A - v w^T - w v^T, and y the product of that with x. Of the
 * numbers left of the diagonal each counts twice in the product, for its row and for its column. Where m is odd, the
 * last pair has no second row: the spare one takes its place, whose numbers do not matter, since x is 0 there.
 */
function passOver(frame: Frame): Code {
  const { locals, matrix, strideBytes, spareRow, parts, part, lanes, lane, m } = frame;
  const [i, upper, lower, ownLane] = [
    locals.add('i32'),
    locals.add('i32'),
    locals.add('i32'),
    locals.add('i32'),
  ];
  const rows = [upper, lower].map((pointer, index) => ({
    pointer,
    offset: DOUBLE * index,
    v: locals.add('v128'),
    w: locals.add('v128'),
    x: locals.add('v128'),
    sum: locals.add('v128'),
    a: locals.add('v128'),
  }));
  const [v, w, x, y] = [locals.add('v128'), locals.add('v128'), locals.add('v128'), locals.add('v128')];

  /** The pairs of columns `index` pairs behind the pointers: both rows' update and products. */
  const pair = (index: number, onDiagonal: boolean): Code =>
    sequence(
      v.set(f64x2.load(lane.get, V + index * LANE_BYTES)),
      w.set(f64x2.load(lane.get, W + index * LANE_BYTES)),
      x.set(f64x2.load(lane.get, X + index * LANE_BYTES)),
      ...rows.map((row) =>
        sequence(
          row.a.set(
            f64x2.sub(
              f64x2.sub(f64x2.load(row.pointer.get, index * PAIR), f64x2.mul(row.v.get, w.get)),
              f64x2.mul(row.w.get, v.get),
            ),
          ),
          f64x2.store(row.pointer.get, row.a.get, index * PAIR),
          row.sum.set(f64x2.add(row.sum.get, f64x2.mul(row.a.get, x.get))),
        ),
      ),
      onDiagonal
        ? []
        : sequence(
            y.set(f64x2.load(lane.get, Y + index * LANE_BYTES)),
            ...rows.map((row) => y.set(f64x2.add(y.get, f64x2.mul(row.a.get, row.x.get)))),
            f64x2.store(lane.get, y.get, Y + index * LANE_BYTES),
          ),
    );
  const advance = (pairs: number): Code =>
    sequence(
      ...rows.map(({ pointer }) => pointer.set(i32.add(pointer.get, i32.const(pairs * PAIR)))),
      lane.set(i32.add(lane.get, i32.const(pairs * LANE_BYTES))),
    );

  const twoRows = sequence(
    upper.set(i32.add(matrix.get, i32.mul(i.get, strideBytes.get))),
    lower.set(i32.add(upper.get, strideBytes.get)),
    ifElse(i32.eq(i32.add(i.get, i32.const(1)), m.get), lower.set(spareRow.get)),
    ownLane.set(laneOf(frame, i.get)),
    ...rows.flatMap((row) => [
      row.v.set(f64x2.loadSplat(ownLane.get, V + row.offset)),
      row.w.set(f64x2.loadSplat(ownLane.get, W + row.offset)),
      row.x.set(f64x2.loadSplat(ownLane.get, X + row.offset)),
      row.sum.set(f64x2.splat(f64.const(0))),
    ]),
    lane.set(lanes.get),
    // Two pairs of columns at a time; where their number is odd, the first alone.
    ifElse(i32.and(i.get, i32.const(2)), sequence(pair(0, false), advance(1))),
    whileLoop(i32.lt_u(lane.get, ownLane.get), sequence(pair(0, false), pair(1, false), advance(2))),
    pair(0, true),
    ...rows.map((row) =>
      f64.store(
        ownLane.get,
        f64.add(f64.load(ownLane.get, Y + row.offset), sumOfLanes(row.sum)),
        Y + row.offset,
      ),
    ),
    i.set(i32.add(i.get, i32.shl(parts.get, i32.const(1)))),
  );
  return sequence(i.set(i32.shl(part.get, i32.const(1))), whileLoop(i32.lt_u(i.get, m.get), twoRows));
}

/**
 * v = x and w = y - (x.y / 2) x, for the next pass; y is the sum of what the parts have made of it. Row m, which nobody
 * reads any more, keeps x.
 */
function finishReflection(frame: Frame): Code {
  const { locals, partBytes, parts, part, lane, row } = frame;
  const [sums, half, y] = [locals.add('v128'), locals.add('v128'), locals.add('v128')];
  const [other, left, p] = [locals.add('i32'), locals.add('i32'), locals.add('i32')];
  const x = f64x2.load(lane.get, X);
  const addUp = sequence(
    other.set(i32.sub(lane.get, i32.mul(part.get, partBytes.get))),
    y.set(f64x2.load(other.get, Y)),
    left.set(i32.sub(parts.get, i32.const(1))),
    whileLoop(
      left.get,
      sequence(
        other.set(i32.add(other.get, partBytes.get)),
        y.set(f64x2.add(y.get, f64x2.load(other.get, Y))),
        left.set(i32.sub(left.get, i32.const(1))),
      ),
    ),
  );
  return sequence(
    sums.set(f64x2.splat(f64.const(0))),
    alongLanes(
      frame,
      sequence(addUp, sums.set(f64x2.add(sums.get, f64x2.mul(x, y.get))), f64x2.store(lane.get, y.get, W)),
    ),
    half.set(f64x2.splat(f64.mul(f64.const(0.5), sumOfLanes(sums)))),
    p.set(row.get),
    alongLanes(
      frame,
      sequence(
        f64x2.store(p.get, x),
        p.set(i32.add(p.get, i32.const(PAIR))),
        f64x2.store(lane.get, x, V),
        f64x2.store(lane.get, f64x2.sub(f64x2.load(lane.get, W), f64x2.mul(half.get, x)), W),
      ),
    ),
  );
}

function sumOfLanes(value: Local): Code {
  return f64.add(f64x2.lane(value.get, 0), f64x2.lane(value.get, 1));
}
