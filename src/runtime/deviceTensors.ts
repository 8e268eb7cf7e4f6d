import { MessageChannel } from 'node:worker_threads';
import { GraphError } from '../base/errors';
import type { DeviceTensor } from '../engine/graph/runtime';
import type { HostTensor } from '../engine/graph/types';
import { dtypeOf, type OrtTensor } from './ort';

/** Below this, memory is left to the garbage collector: releasing it by hand costs more than it saves. */
const RELEASE_BYTES = 1 << 20;

/**
 * Gives an ArrayBuffer's memory back at once: it is moved into a message that nobody will read. The garbage collector
 * would keep several steps' accumulators alive, since to it they are small objects.
 */
function release(buffer: ArrayBuffer): void {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(undefined, [buffer]);
  port1.close();
  port2.close();
}

/** A device tensor in host memory: on the CPU, and on the providers whose buffers onnxruntime-node cannot hand out. */
export class HostResident implements DeviceTensor {
  private tensor: HostTensor | undefined;
  readonly dtype: HostTensor['dtype'];
  readonly shape: readonly number[];

  /** `owned`: nobody else has the memory, so that `dispose` may give it back. */
  constructor(
    tensor: HostTensor,
    private owned: boolean,
  ) {
    this.tensor = tensor;
    this.dtype = tensor.dtype;
    this.shape = tensor.shape;
  }

  get host(): HostTensor {
    if (this.tensor === undefined) throw disposedError();
    return this.tensor;
  }

  /** The memory, to be kept by who asks: it outlives this tensor. */
  share(): HostTensor {
    this.owned = false;
    return this.host;
  }

  dispose(): void {
    const data = this.tensor?.data;
    this.tensor = undefined;
    if (!this.owned || data === undefined || data.byteLength < RELEASE_BYTES) return;
    if (data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength)
      release(data.buffer);
  }
}

/** A tensor in a WebGPU buffer. */
export class GpuResident implements DeviceTensor {
  private live: OrtTensor | undefined;
  readonly dtype: HostTensor['dtype'];
  readonly shape: readonly number[];

  constructor(tensor: OrtTensor) {
    this.live = tensor;
    this.dtype = dtypeOf(tensor.type);
    this.shape = [...tensor.dims];
  }

  get tensor(): OrtTensor {
    if (this.live === undefined) throw disposedError();
    return this.live;
  }

  dispose(): void {
    this.live?.dispose();
    this.live = undefined;
  }
}

function disposedError(): GraphError {
  return new GraphError({ what: 'a device tensor is used after it was disposed of' });
}
