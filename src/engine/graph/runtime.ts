import type { Graph } from './graph';
import type { HostTensor } from './types';

/** What a graph runs on. */
export type DeviceKind = 'cpu' | 'webgpu' | 'cuda' | 'dml' | 'coreml';

/** A tensor that stays on the runtime's device; on the CPU it is host memory. Owned by who got it: `dispose` it. */
export interface DeviceTensor {
  readonly dtype: HostTensor['dtype'];
  readonly shape: readonly number[];
  dispose(): void;
}

export interface SessionOptions {
  /** Folder that external weights' file names are relative to. */
  readonly weightsFolder?: string | undefined;
  /** Names of outputs that stay on the device; the others come back as host tensors. */
  readonly keepOnDevice?: readonly string[] | undefined;
  /**
   * Gives its memory back after each run, at the price of some speed: for sessions that run now and then beside the
   * one that needs the memory.
   */
  readonly transient?: boolean | undefined;
  /** For logs and errors. */
  readonly label: string;
}

export interface RunResult {
  readonly host: Readonly<Record<string, HostTensor>>;
  readonly device: Readonly<Record<string, DeviceTensor>>;
}

/** One loaded graph. */
export interface Session {
  /** Nodes by the provider that took them, e.g. `{ WebGpuExecutionProvider: 812, CPUExecutionProvider: 3 }`. */
  readonly placement: Readonly<Record<string, number>>;
  /** Names of nodes on the CPU provider of a session that was made for another device. */
  readonly fallbacks: readonly string[];
  run(feeds: Readonly<Record<string, HostTensor | DeviceTensor>>): Promise<RunResult>;
  dispose(): Promise<void>;
}

/** The port through which the engine runs graphs: implemented over onnxruntime-node, and by an interpreter in tests. */
export interface Runtime {
  readonly device: DeviceKind;
  createSession(graph: Graph, options: SessionOptions): Promise<Session>;
  /** `transfer`: the caller will not use the tensor's memory any more. */
  upload(tensor: HostTensor, transfer?: boolean): Promise<DeviceTensor>;
  download(tensor: DeviceTensor): Promise<HostTensor>;
  dispose(): Promise<void>;
}
