import { GraphError } from '../base/errors';
import type { Graph } from '../engine/graph/graph';
import type { DeviceKind, DeviceTensor, Runtime, Session, SessionOptions } from '../engine/graph/runtime';
import type { HostTensor } from '../engine/graph/types';
import { GpuResident, HostResident } from './deviceTensors';
import { GpuTransfer } from './gpuTransfer';
import { OnnxSession } from './onnxSession';

export interface RuntimeOptions {
  /** Threads of one operator on the CPU provider; undefined: one a core. */
  readonly threads?: number | undefined;
  /** Where nodes were placed, in sentences. */
  readonly log?: ((line: string) => void) | undefined;
}

/**
 * The engine's runtime port over onnxruntime-node. On WebGPU, what a session keeps on the device stays in GPU
 * buffers; on every other device a device tensor is host memory, which onnxruntime copies from where it must.
 *
 * A run blocks the event loop of its process until it is done, so this belongs in the trainer's process.
 */
class OnnxRuntime implements Runtime {
  private readonly sessions = new Set<OnnxSession>();
  private readonly transfer: GpuTransfer | undefined;

  constructor(
    readonly device: DeviceKind,
    private readonly options: RuntimeOptions,
  ) {
    this.transfer = device === 'webgpu' ? new GpuTransfer() : undefined;
  }

  async createSession(graph: Graph, options: SessionOptions): Promise<Session> {
    const session = await OnnxSession.create(graph, { ...options, ...this.options, device: this.device });
    this.sessions.add(session);
    return session;
  }

  /** On the CPU the device tensor reads the caller's memory, which must not change while it is in use. */
  upload(tensor: HostTensor, transfer = false): Promise<DeviceTensor> {
    return this.transfer?.upload(tensor) ?? Promise.resolve(new HostResident(tensor, transfer));
  }

  /** On the CPU this is the device tensor's own memory; it stays valid when that is disposed of. */
  download(tensor: DeviceTensor): Promise<HostTensor> {
    if (tensor instanceof HostResident) return Promise.resolve(tensor.share());
    if (tensor instanceof GpuResident && this.transfer !== undefined) return this.transfer.download(tensor);
    return Promise.reject(
      new GraphError({ what: 'a device tensor of another runtime was to be downloaded' }),
    );
  }

  async dispose(): Promise<void> {
    const sessions = [...this.sessions];
    this.sessions.clear();
    for (const session of sessions) await session.dispose();
    await this.transfer?.dispose();
  }
}

/**
 * A runtime on a device that `chooseDevice` found. Throws, when the first session is made, a RunError with
 * onnxruntime's reason where the device cannot be opened.
 */
export function createRuntime(device: DeviceKind, options: RuntimeOptions = {}): Promise<Runtime> {
  return Promise.resolve(new OnnxRuntime(device, options));
}
