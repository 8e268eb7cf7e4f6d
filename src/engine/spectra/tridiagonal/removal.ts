import { Locals, f64, f64x2, i32, sequence, whileLoop, type WasmFunction } from '../wasm/assembler';

const PAIR = 16;

/**
 * a -= (a . b) b in WebAssembly: takes from a what lies along a unit vector b, or reflects it where |b|^2 = 2. The
 * arguments are where a and b begin, in bytes, and how many bytes they are long, a
 * multiple of 16.
 */
export function removal(): WasmFunction {
  const locals = new Locals();
  const [a, b, bytes] = [locals.parameter('i32'), locals.parameter('i32'), locals.parameter('i32')];
  const [p, q, end] = [locals.add('i32'), locals.add('i32'), locals.add('i32')];
  const sums = locals.add('v128');
  const product = f64x2.mul(f64x2.load(p.get), f64x2.load(q.get));
  const along = (body: readonly number[]) =>
    sequence(
      p.set(a.get),
      q.set(b.get),
      whileLoop(
        i32.lt_u(p.get, end.get),
        sequence(body, p.set(i32.add(p.get, i32.const(PAIR))), q.set(i32.add(q.get, i32.const(PAIR)))),
      ),
    );
  const body = sequence(
    end.set(i32.add(a.get, bytes.get)),
    sums.set(f64x2.splat(f64.const(0))),
    along(sums.set(f64x2.add(sums.get, product))),
    sums.set(f64x2.splat(f64.add(f64x2.lane(sums.get, 0), f64x2.lane(sums.get, 1)))),
    along(f64x2.store(p.get, f64x2.sub(f64x2.load(p.get), f64x2.mul(sums.get, f64x2.load(q.get))))),
  );
  return { name: 'remove', locals, body };
}
