import { Worker } from 'node:worker_threads';
import { GraphError, RunError } from '../base/errors';
import type { HostTensor } from '../engine/graph/types';
import { dtypeOf, hostData, toOrt } from './ort';
import { ortPath } from './ortPath';

/**
 * What the thread runs: sessions, and the tensors that stay with it under a number. So little that it stands here as
 * text, and no bundle has to know of a file for it.
 */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const ort = require(workerData);
  const sessions = new Map();
  const kept = new Map();
  const plain = ({ type, dims, data }) => ({ type, dims: [...dims], data });
  const tensor = (feed) => typeof feed === 'number' ? kept.get(feed) : new ort.Tensor(feed.type, feed.data, feed.dims);
  const actions = {
    async create({ session, model, options }) {
      sessions.set(session, await ort.InferenceSession.create(model, options));
    },
    async run({ session, feeds, keep }) {
      const inputs = {};
      for (const [name, feed] of Object.entries(feeds)) inputs[name] = tensor(feed);
      const outputs = {};
      for (const [name, output] of Object.entries(await sessions.get(session).run(inputs))) {
        outputs[name] = keep[name] === undefined ? plain(output) : { type: output.type, dims: [...output.dims] };
        if (keep[name] !== undefined) kept.set(keep[name], output);
      }
      return outputs;
    },
    upload: ({ number, feed }) => void kept.set(number, tensor(feed)),
    download: ({ number }) => plain(kept.get(number)),
    drop: ({ number }) => void kept.delete(number),
    async release({ session }) {
      await sessions.get(session).release();
      sessions.delete(session);
    },
  };
  parentPort.on('message', async ({ id, action, facts }) => {
    try {
      parentPort.postMessage({ id, result: await actions[action](facts) });
    } catch (error) {
      parentPort.postMessage({ id, error: String(error?.message ?? error) });
    }
  });
`;

type Action = 'create' | 'run' | 'upload' | 'download' | 'drop' | 'release';

interface Asked {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A thread with an onnxruntime of its own, asked by messages that it answers in their order. */
export class OrtThread {
  private readonly worker = new Worker(THREAD, { eval: true, name: 'onnxruntime', workerData: ortPath() });
  private readonly asked = new Map<number, Asked>();
  private last = 0;
  private ended: RunError | undefined;

  constructor() {
    this.worker.on('message', (reply: unknown) => this.answer(reply));
    this.worker.on('error', (cause) =>
      this.end(new RunError({ what: `a thread of onnxruntime failed: ${cause.message}` }, { cause })),
    );
    this.worker.on('exit', () => this.end(new RunError({ what: 'a thread of onnxruntime ended too soon' })));
  }

  /** Rejects with onnxruntime's reason, or a RunError where the thread has ended. */
  ask(
    action: Action,
    facts: Readonly<Record<string, unknown>>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<unknown> {
    if (this.ended !== undefined) return Promise.reject(this.ended);
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject });
      this.worker.postMessage({ id, action, facts }, [...transfer]);
    });
  }

  async terminate(): Promise<void> {
    await this.worker.terminate();
  }

  private answer(reply: unknown): void {
    if (!isRecord(reply) || typeof reply['id'] !== 'number') return;
    const asked = this.asked.get(reply['id']);
    this.asked.delete(reply['id']);
    if (typeof reply['error'] === 'string') asked?.reject(new Error(reply['error']));
    else asked?.resolve(reply['result']);
  }

  private end(error: RunError): void {
    this.ended ??= error;
    for (const { reject } of this.asked.values()) reject(this.ended);
    this.asked.clear();
  }
}

/** A tensor as the thread takes it; what it is sent of the memory is a copy. */
export function messageOf(name: string, { dtype, shape, data }: HostTensor) {
  const { type, dims } = toOrt(name, { dtype, shape, data });
  return { type, dims: [...dims], data };
}

/** The element type and shape of what the thread answered with, or throws a GraphError. */
export function formIn(name: string, answer: unknown): Pick<HostTensor, 'dtype' | 'shape'> {
  if (!isRecord(answer) || typeof answer['type'] !== 'string' || !isShape(answer['dims'])) {
    throw new GraphError({ what: 'a thread of onnxruntime gave no tensor', tensor: name });
  }
  return { dtype: dtypeOf(answer['type']), shape: answer['dims'] };
}

/** The tensor that the thread answered with, or throws a GraphError. */
export function tensorIn(name: string, answer: unknown): HostTensor {
  const form = formIn(name, answer);
  return { ...form, data: hostData(name, form.dtype, isRecord(answer) ? answer['data'] : undefined) };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => typeof size === 'number');
}
