import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Graph } from '../../../src/engine/graph/graph';
import type {
  DeviceTensor,
  RunResult,
  Runtime,
  Session,
  SessionOptions,
} from '../../../src/engine/graph/runtime';
import type { HostTensor, Initializer } from '../../../src/engine/graph/types';
import { interpret, type InterpretOptions } from './interpret';

/** A tensor "on the device" of the interpreter. Reading it after `dispose` throws. */
class HeldTensor implements DeviceTensor {
  private disposed = false;

  constructor(private readonly tensor: HostTensor) {}

  get dtype(): HostTensor['dtype'] {
    return this.tensor.dtype;
  }

  get shape(): readonly number[] {
    return this.tensor.shape;
  }

  read(): HostTensor {
    if (this.disposed) throw new Error('a device tensor is read after it was disposed of');
    return this.tensor;
  }

  dispose(): void {
    this.disposed = true;
  }
}

function hostOf(tensor: HostTensor | DeviceTensor): HostTensor {
  if (tensor instanceof HeldTensor) return tensor.read();
  if ('data' in tensor) return tensor;
  throw new Error('a device tensor of another runtime');
}

/** The interpreter behind the engine's `Runtime` port, so that training can be tested without onnxruntime. */
export class InterpreterRuntime implements Runtime {
  readonly device = 'cpu';

  constructor(private readonly precision: InterpretOptions['precision'] = 'f32') {}

  createSession(graph: Graph, options: SessionOptions): Promise<Session> {
    const kept = new Set(options.keepOnDevice);
    const interpretOptions: InterpretOptions = {
      ...(this.precision === undefined ? {} : { precision: this.precision }),
      external: (initializer) => readExternal(initializer, options.weightsFolder),
    };
    const run = (feeds: Readonly<Record<string, HostTensor | DeviceTensor>>): RunResult => {
      const hosts = Object.entries(feeds).map(([name, feed]): [string, HostTensor] => [name, hostOf(feed)]);
      const host: Record<string, HostTensor> = {};
      const device: Record<string, DeviceTensor> = {};
      for (const [name, output] of Object.entries(
        interpret(graph, Object.fromEntries(hosts), interpretOptions),
      )) {
        if (kept.has(name)) device[name] = new HeldTensor(output);
        else host[name] = output;
      }
      return { host, device };
    };
    return Promise.resolve({
      placement: { Interpreter: graph.nodes.length },
      fallbacks: [],
      // An error in the graph rejects, as it does in a runtime that works elsewhere.
      run: (feeds) => new Promise((resolve) => resolve(run(feeds))),
      dispose: () => Promise.resolve(),
    });
  }

  upload(tensor: HostTensor): Promise<DeviceTensor> {
    return Promise.resolve(new HeldTensor(tensor));
  }

  download(tensor: DeviceTensor): Promise<HostTensor> {
    return new Promise((resolve) => resolve(hostOf(tensor)));
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

function readExternal(
  { value, location }: Extract<Initializer, { kind: 'external' }>,
  folder: string | undefined,
): HostTensor {
  if (folder === undefined || value.dtype !== 'f32') {
    throw new Error(
      `cannot read external ${value.dtype} weight '${value.name}' from ${folder ?? 'no folder'}`,
    );
  }
  const bytes = readFileSync(join(folder, location.file)).subarray(
    location.offset,
    location.offset + location.length,
  );
  const data = new Float32Array(location.length / 4);
  data.forEach((_, i) => (data[i] = bytes.readFloatLE(i * 4)));
  return { dtype: 'f32', shape: value.shape.map(Number), data };
}
