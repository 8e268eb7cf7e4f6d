import { GraphError } from '../../../base/errors';
import { moduleOf } from '../wasm/assembler';
import { eigenvalues } from './eigenvalues';
import { tridiagonalise } from './tridiagonalise';

/** The arguments of the calls that one thread makes for a matrix, in this order. */
export interface KernelCalls {
  readonly tridiagonalise: readonly number[];
  /** Undefined where another thread calls for them. */
  readonly eigenvalues: readonly number[] | undefined;
}

let compiled: WebAssembly.Module | undefined;

/**
 * The compiled kernel; it can be sent to another thread. It needs WebAssembly's SIMD and threads, which every version
 * of Node that the project runs on has (both since 16.4).
 */
export function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(moduleOf([tridiagonalise(), eigenvalues()]));
  return compiled;
}

/** Makes all calls for a matrix in this thread. Throws `GraphError` where the eigenvalues do not converge. */
export function runKernel(memory: WebAssembly.Memory, calls: KernelCalls): void {
  const { exports } = new WebAssembly.Instance(kernelModule(), { host: { memory } });
  call(exports, 'tridiagonalise', calls.tridiagonalise);
  if (calls.eigenvalues !== undefined) expectConverged(call(exports, 'eigenvalues', calls.eigenvalues));
}

/** Checks what the call for eigenvalues gave. */
export function expectConverged(result: unknown): void {
  if (result !== 1) throw new GraphError({ what: 'the eigenvalues of a tridiagonal matrix do not converge' });
}

function call(exports: WebAssembly.Instance['exports'], name: string, values: readonly number[]): unknown {
  const found = exports[name];
  if (typeof found !== 'function') throw new GraphError({ what: `the kernel has no function '${name}'` });
  const result: unknown = Reflect.apply(found, undefined, values);
  return result;
}
