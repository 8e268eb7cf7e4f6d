import { GraphError, RunError, toError } from '../base/errors';
import type { Graph } from '../engine/graph/graph';
import { encodeModel } from '../engine/graph/onnx/encode';
import { bufferLabels } from '../engine/graph/passes/buffers';
import type { DeviceTensor, RunResult, Runtime, Session, SessionOptions } from '../engine/graph/runtime';
import type { HostTensor } from '../engine/graph/types';
import { formIn, isRecord, messageOf, OrtThread, tensorIn } from './ortThread';
import { CPU_PROVIDER } from './placement';
import { ortSessionOptions } from './sessionOptions';

/** A tensor that stands in the thread under a number. */
class ThreadTensor implements DeviceTensor {
  readonly dtype: HostTensor['dtype'];
  readonly shape: readonly number[];

  constructor(
    readonly thread: OrtThread,
    readonly number: number,
    { dtype, shape }: Pick<HostTensor, 'dtype' | 'shape'>,
  ) {
    this.dtype = dtype;
    this.shape = shape;
  }

  dispose(): void {
    // Nobody waits for it; a thread that has ended holds nothing.
    this.thread.ask('drop', { number: this.number }).catch(() => undefined);
  }
}

/** One graph in the thread. */
class ThreadSession implements Session {
  readonly fallbacks: readonly string[] = [];
  private released = false;

  constructor(
    private readonly thread: OrtThread,
    private readonly number: number,
    private readonly options: SessionOptions,
    private readonly nextNumber: () => number,
    readonly placement: Session['placement'],
  ) {}

  async run(feeds: Readonly<Record<string, HostTensor | DeviceTensor>>): Promise<RunResult> {
    const sent = Object.fromEntries(
      Object.entries(feeds).map(([name, feed]) => [name, this.feedOf(name, feed)]),
    );
    const keep = Object.fromEntries(
      (this.options.keepOnDevice ?? []).map((name) => [name, this.nextNumber()]),
    );
    let outputs: unknown;
    try {
      outputs = await this.thread.ask('run', { session: this.number, feeds: sent, keep });
    } catch (thrown) {
      throw failure(`the ${this.options.label} graph failed in a thread`, thrown);
    }
    const host: Record<string, HostTensor> = {};
    const device: Record<string, DeviceTensor> = {};
    for (const [name, output] of Object.entries(isRecord(outputs) ? outputs : {})) {
      const number = keep[name];
      if (number === undefined) host[name] = tensorIn(name, output);
      else device[name] = new ThreadTensor(this.thread, number, formIn(name, output));
    }
    return { host, device };
  }

  async dispose(): Promise<void> {
    if (this.released) return;
    this.released = true;
    await this.thread.ask('release', { session: this.number });
  }

  private feedOf(name: string, feed: HostTensor | DeviceTensor) {
    if ('data' in feed) return messageOf(name, feed);
    if (feed instanceof ThreadTensor && feed.thread === this.thread) return feed.number;
    throw new GraphError({ what: 'a device tensor of another runtime was fed', tensor: name });
  }
}

/**
 * The engine's runtime port on one CPU thread of its own: several of them work at once, each on its own matrices, with
 * less waiting than threads that share every product. What stays on the device stays with the thread.
 */
class ThreadRuntime implements Runtime {
  readonly device = 'cpu';
  private readonly thread = new OrtThread();
  private readonly sessions = new Set<ThreadSession>();
  private last = 0;

  async createSession(graph: Graph, options: SessionOptions): Promise<Session> {
    const number = ++this.last;
    const { transient, weightsFolder, label } = options;
    try {
      await this.thread.ask('create', {
        session: number,
        model: encodeModel(graph, { labels: bufferLabels(graph) }),
        options: ortSessionOptions({ device: this.device, threads: 1, transient, weightsFolder }),
      });
    } catch (thrown) {
      throw failure(`onnxruntime could not load the ${label} graph in a thread`, thrown);
    }
    const placement = { [CPU_PROVIDER]: graph.nodes.length };
    const session = new ThreadSession(this.thread, number, options, () => ++this.last, placement);
    this.sessions.add(session);
    return session;
  }

  /** The thread gets the memory itself where nobody else has it, and else a copy. */
  async upload(tensor: HostTensor, transfer = false): Promise<DeviceTensor> {
    const { buffer, byteLength } = tensor.data;
    const own = transfer && buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
    // The part alone that the tensor shows: a message would carry all of the memory behind it.
    const data = own ? tensor.data : tensor.data.slice();
    const number = ++this.last;
    const feed = messageOf('upload', { ...tensor, data });
    await this.thread.ask(
      'upload',
      { number, feed },
      data.buffer instanceof ArrayBuffer ? [data.buffer] : [],
    );
    return new ThreadTensor(this.thread, number, tensor);
  }

  async download(tensor: DeviceTensor): Promise<HostTensor> {
    if (!(tensor instanceof ThreadTensor) || tensor.thread !== this.thread)
      throw new GraphError({ what: 'a device tensor of another runtime was to be downloaded' });
    return tensorIn('download', await this.thread.ask('download', { number: tensor.number }));
  }

  async dispose(): Promise<void> {
    await this.thread.terminate();
  }
}

function failure(what: string, thrown: unknown): Error {
  if (thrown instanceof RunError) return thrown;
  return new RunError({ what: `${what}: ${toError(thrown).message}` }, { cause: thrown });
}

/** A runtime in a thread of its own. To be disposed of, or the process does not end. */
export function createThreadRuntime(): Runtime {
  return new ThreadRuntime();
}
