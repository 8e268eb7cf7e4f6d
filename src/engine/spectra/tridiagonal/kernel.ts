import { GraphError } from '../../../base/errors';
import { moduleOf } from '../wasm/assembler';
import { eigenvalues } from './eigenvalues';
import { removal } from './removal';
import { tridiagonalise } from './tridiagonalise';

/** The arguments of the calls that one thread makes for a matrix, in this order. */
export interface KernelCalls {
  readonly tridiagonalise: readonly number[];
  /** Undefined where another thread calls for them. */
  readonly eigenvalues: readonly number[] | undefined;
}

/** A vector in memory, and how far behind it the next lies, in bytes. */
interface Stepped {
  readonly place: number;
  readonly step: number;
}

let compiled: WebAssembly.Module | undefined;

/**
 * The compiled kernel; it can be sent to another thread. It needs WebAssembly's SIMD and threads, which every version
 * of Node that the project runs on has (both since 16.4).
 */
export function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(moduleOf([tridiagonalise(), eigenvalues(), removal()]));
  return compiled;
}

/** The kernel's functions on one memory, in this thread. */
export class Kernel {
  private readonly exports: WebAssembly.Instance['exports'];

  constructor(memory: WebAssembly.Memory) {
    this.exports = new WebAssembly.Instance(kernelModule(), { host: { memory } }).exports;
  }

  /** Makes all calls for a matrix. Throws `GraphError` where the eigenvalues do not converge. */
  run(calls: KernelCalls): void {
    this.call('tridiagonalise', calls.tridiagonalise);
    if (calls.eigenvalues !== undefined) expectConverged(this.call('eigenvalues', calls.eigenvalues));
  }

  /** One call, with the arguments of the function of that name. */
  call(name: string, values: readonly number[]): unknown {
    const result: unknown = Reflect.apply(this.function(name), undefined, values);
    return result;
  }

  /** See `removal`. */
  remove(a: Stepped, b: Stepped, bytes: number, count: number): void {
    this.call('remove', [a.place, a.step, b.place, b.step, bytes, count]);
  }

  private function(name: string): CallableFunction {
    const found = this.exports[name];
    if (typeof found !== 'function') throw new GraphError({ what: `the kernel has no function '${name}'` });
    return found;
  }
}

/** Checks what the call for eigenvalues gave. */
export function expectConverged(result: unknown): void {
  if (result !== 1) throw new GraphError({ what: 'the eigenvalues of a tridiagonal matrix do not converge' });
}
