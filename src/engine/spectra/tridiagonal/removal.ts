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

const PAIR = 16;

/**
 * a -= (a . b) b in WebAssembly: takes from a what lies along a unit vector b, or reflects it where |b|^2 = 2. This is
 * done `count` times, one after the other, each with the next a and the next b, which lie `aStep` and `bStep` behind
 * the last (0 where it stays the same). Where a and b begin, their steps and how long they are, a multiple of 16, are in
 * bytes. So small vectors are made many to a call, which costs more than the arithmetic with one.
 */
export function removal(): WasmFunction {
  const locals = new Locals();
  const parameter = (): Local => locals.parameter('i32');
  const [a, aStep, b, bStep] = [parameter(), parameter(), parameter(), parameter()];
  const [bytes, count] = [parameter(), parameter()];
  const [p, q, end] = [locals.add('i32'), locals.add('i32'), locals.add('i32')];
  const [sums, others] = [locals.add('v128'), locals.add('v128')];
  const product = (at: number): Code => f64x2.mul(f64x2.load(p.get, at), f64x2.load(q.get, at));
  const take = (at: number): Code =>
    f64x2.store(p.get, f64x2.sub(f64x2.load(p.get, at), f64x2.mul(sums.get, f64x2.load(q.get, at))), at);
  // By two pairs, so that one sum need not wait for the other, and the one that may be left.
  const on = (pairs: number): Code =>
    sequence(p.set(i32.add(p.get, i32.const(PAIR * pairs))), q.set(i32.add(q.get, i32.const(PAIR * pairs))));
  const along = (two: Code, one: Code): Code =>
    sequence(
      p.set(a.get),
      q.set(b.get),
      whileLoop(i32.lt_u(i32.add(p.get, i32.const(PAIR)), end.get), sequence(two, on(2))),
      ifElse(i32.lt_u(p.get, end.get), one),
    );
  const once = sequence(
    end.set(i32.add(a.get, bytes.get)),
    sums.set(f64x2.splat(f64.const(0))),
    others.set(f64x2.splat(f64.const(0))),
    along(
      sequence(sums.set(f64x2.add(sums.get, product(0))), others.set(f64x2.add(others.get, product(PAIR)))),
      sums.set(f64x2.add(sums.get, product(0))),
    ),
    sums.set(f64x2.add(sums.get, others.get)),
    sums.set(f64x2.splat(f64.add(f64x2.lane(sums.get, 0), f64x2.lane(sums.get, 1)))),
    along(sequence(take(0), take(PAIR)), take(0)),
  );
  const next = sequence(
    a.set(i32.add(a.get, aStep.get)),
    b.set(i32.add(b.get, bStep.get)),
    count.set(i32.sub(count.get, i32.const(1))),
  );
  return { name: 'remove', locals, body: whileLoop(count.get, sequence(once, next)) };
}
