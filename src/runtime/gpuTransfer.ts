import { GraphError } from '../base/errors';
import { Graph } from '../engine/graph/graph';
import { encodeModel } from '../engine/graph/onnx/encode';
import type { DType, HostTensor } from '../engine/graph/types';
import { GpuResident } from './deviceTensors';
import { fromOrt, ort, toOrt, type OrtTensor } from './ort';
import { ortSessionOptions } from './sessionOptions';

type Direction = 'up' | 'down';

/** One `Identity` over tensors of one rank and any size. */
function identity(dtype: DType, rank: number): Graph {
  const graph = new Graph();
  const x = graph.input(
    'x',
    dtype,
    Array.from({ length: rank }, (_, axis) => `D${axis}`),
  );
  graph.output(graph.add('Identity', [x], {}, { name: 'y' }));
  return graph;
}

/**
 * Copies between host and WebGPU memory by way of one-node sessions, made when they are first needed:
 * onnxruntime-node 1.30 has no upload, and its `getData` on a GPU tensor aborts the process.
 */
export class GpuTransfer {
  private readonly sessions = new Map<string, Promise<ort.InferenceSession>>();

  /** A copy on the device. */
  async upload(host: HostTensor): Promise<GpuResident> {
    return new GpuResident(await this.pass(toOrt('x', host), host.dtype, 'up'));
  }

  /** A copy in host memory. */
  async download(device: GpuResident): Promise<HostTensor> {
    return fromOrt('y', await this.pass(device.tensor, device.dtype, 'down'));
  }

  async dispose(): Promise<void> {
    const sessions = [...this.sessions.values()];
    this.sessions.clear();
    for (const session of sessions) await (await session).release();
  }

  private async pass(tensor: OrtTensor, dtype: DType, direction: Direction): Promise<OrtTensor> {
    const session = await this.session(dtype, tensor.dims.length, direction);
    const { y } = await session.run({ x: tensor });
    if (y === undefined) throw new GraphError({ what: 'the copying session gave no output', tensor: 'y' });
    return y;
  }

  private session(dtype: DType, rank: number, direction: Direction): Promise<ort.InferenceSession> {
    const key = `${direction} ${dtype} ${rank}`;
    let session = this.sessions.get(key);
    if (session === undefined) {
      session = ort.InferenceSession.create(
        encodeModel(identity(dtype, rank)),
        ortSessionOptions({ device: 'webgpu', gpuOutputs: direction === 'up' ? ['y'] : [] }),
      );
      this.sessions.set(key, session);
    }
    return session;
  }
}
