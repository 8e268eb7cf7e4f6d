import type { Runtime } from '../../engine/graph/runtime';
import { createRuntime } from '../../runtime/onnxRuntime';

/** The CPU's runtime, made when it is first asked for: not every question needs onnxruntime. */
export class Cpu {
  #runtime: Promise<Runtime> | undefined;

  runtime(): Promise<Runtime> {
    this.#runtime ??= createRuntime('cpu');
    return this.#runtime;
  }
}
