import {
  atomic,
  i32,
  ifElse,
  sequence,
  whileLoop,
  type Code,
  type Local,
  type Locals,
} from '../wasm/assembler';

/** Looks this often whether the others have come before it sleeps: some ten microseconds. */
const LOOKS = 4000;

/**
 * Code that waits until all `threads` have come to it as often as this one. They are counted at the place `barrier`, a
 * 32-bit number that is 0 at first and only grows.
 */
export function waitForAll(locals: Locals, barrier: Local, threads: Local): Code {
  const [goal, come, looks] = [locals.add('i32'), locals.add('i32'), locals.add('i32')];
  const look = come.set(atomic.load(barrier.get));
  return sequence(
    goal.set(i32.add(goal.get, threads.get)),
    looks.set(i32.const(LOOKS)),
    come.set(i32.add(atomic.add(barrier.get, i32.const(1)), i32.const(1))),
    ifElse(i32.eq(come.get, goal.get), atomic.notify(barrier.get)),
    whileLoop(
      i32.lt_u(come.get, goal.get),
      sequence(
        look,
        ifElse(
          looks.get,
          looks.set(i32.sub(looks.get, i32.const(1))),
          ifElse(i32.lt_u(come.get, goal.get), sequence(atomic.wait(barrier.get, come.get), look)),
        ),
      ),
    ),
  );
}
