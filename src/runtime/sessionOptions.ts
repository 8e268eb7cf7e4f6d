import type { DeviceKind } from '../engine/graph/runtime';
import { assertNever } from '../base/errors';
import type { ort } from './ort';

export interface OrtSessionFacts {
  readonly device: DeviceKind;
  /** Threads of one operator on the CPU; undefined: as many as there are cores. */
  readonly threads?: number | undefined;
  readonly weightsFolder?: string | undefined;
  /** Outputs that stay on a WebGPU device. */
  readonly gpuOutputs?: readonly string[] | undefined;
  /** Without an arena: memory is given back after each run. */
  readonly transient?: boolean | undefined;
  /** Where the session writes its profile (a path's beginning); undefined: no profile. */
  readonly profilePrefix?: string | undefined;
}

type Providers = NonNullable<ort.InferenceSession.SessionOptions['executionProviders']>;

/** The providers of a device in order of preference; the CPU takes the nodes that the first has no kernel for. */
function providers(device: DeviceKind): Providers {
  switch (device) {
    case 'cpu':
      return ['cpu'];
    case 'webgpu':
      return [{ name: 'webgpu' }, 'cpu'];
    case 'cuda':
      return [{ name: 'cuda', deviceId: 0 }, 'cpu'];
    case 'dml':
      return [{ name: 'dml', deviceId: 0 }, 'cpu'];
    case 'coreml':
      return [{ name: 'coreml' }, 'cpu'];
    default:
      return assertNever(device);
  }
}

/**
 * How every session of ours is made. Optimisation is off since the graph that runs has to be the graph that was
 * planned: its order, and so its memory, is ours. Memory patterns and prepacked weights cost memory and gain nothing
 * (external weights stay mapped from their file instead). Threads stop spinning when a run ends, since the step's
 * pool would otherwise take cycles from the update's.
 */
export function ortSessionOptions(facts: OrtSessionFacts): ort.InferenceSession.SessionOptions {
  const { device, threads, weightsFolder, gpuOutputs, profilePrefix, transient = false } = facts;
  return {
    executionProviders: providers(device),
    graphOptimizationLevel: 'disabled',
    enableMemPattern: false,
    enableCpuMemArena: !transient,
    executionMode: 'sequential',
    // Errors come as exceptions; written to standard error as well, they would only be read twice.
    logSeverityLevel: 4,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(gpuOutputs === undefined || gpuOutputs.length === 0
      ? {}
      : {
          preferredOutputLocation: Object.fromEntries(
            gpuOutputs.map((name) => [name, 'gpu-buffer' as const]),
          ),
        }),
    ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
    extra: {
      session: {
        disable_prepacking: '1',
        force_spinning_stop: '1',
        ...(weightsFolder === undefined
          ? {}
          : { model_external_initializers_file_folder_path: weightsFolder }),
      },
    },
  };
}
