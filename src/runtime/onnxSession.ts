import { GraphError, RunError, toError } from '../base/errors';
import type { Graph } from '../engine/graph/graph';
import { encodeModel } from '../engine/graph/onnx/encode';
import { bufferLabels } from '../engine/graph/passes/buffers';
import type { DeviceKind, DeviceTensor, RunResult, Session, SessionOptions } from '../engine/graph/runtime';
import type { HostTensor } from '../engine/graph/types';
import { GpuResident, HostResident } from './deviceTensors';
import { fromOrt, ort, toOrt, type OrtTensor } from './ort';
import { CPU_PROVIDER, ProfileFolder, type Placement } from './placement';
import { ortSessionOptions } from './sessionOptions';

type Log = (line: string) => void;

export interface OnnxSessionOptions extends SessionOptions {
  readonly device: DeviceKind;
  readonly threads?: number | undefined;
  readonly log?: Log | undefined;
}

/** onnxruntime's own words, without the paths of the machine that built it. */
function reason(thrown: unknown): string {
  return toError(thrown)
    .message.replace(/\/onnxruntime_src\/\S+ ?/g, '')
    .trim();
}

/**
 * One graph in onnxruntime. On a GPU the first run is profiled, since nothing else of onnxruntime-node tells which
 * provider took a node: `placement` and `fallbacks` are empty before it.
 */
export class OnnxSession implements Session {
  private placed: Placement;
  private released = false;

  private constructor(
    private readonly session: ort.InferenceSession,
    private readonly options: OnnxSessionOptions,
    nodes: number,
    private profile: ProfileFolder | undefined,
  ) {
    this.placed =
      profile === undefined ? { counts: { [CPU_PROVIDER]: nodes }, onCpu: [] } : { counts: {}, onCpu: [] };
  }

  static async create(graph: Graph, options: OnnxSessionOptions): Promise<OnnxSession> {
    const profile = options.device === 'cpu' ? undefined : new ProfileFolder();
    try {
      const session = await ort.InferenceSession.create(
        encodeModel(graph, options.device === 'cpu' ? { labels: bufferLabels(graph) } : {}),
        ortSessionOptions({
          device: options.device,
          threads: options.threads,
          transient: options.transient,
          weightsFolder: options.weightsFolder,
          gpuOutputs: options.device === 'webgpu' ? options.keepOnDevice : undefined,
          profilePrefix: profile?.prefix,
        }),
      );
      return new OnnxSession(session, options, graph.nodes.length, profile);
    } catch (thrown) {
      profile?.remove();
      if (thrown instanceof GraphError) throw thrown;
      throw new RunError(
        {
          what: `onnxruntime could not load the ${options.label} graph on ${options.device}: ${reason(thrown)}`,
        },
        { cause: thrown },
      );
    }
  }

  get placement(): Readonly<Record<string, number>> {
    return this.placed.counts;
  }

  get fallbacks(): readonly string[] {
    return this.placed.onCpu;
  }

  async run(feeds: Readonly<Record<string, HostTensor | DeviceTensor>>): Promise<RunResult> {
    const inputs: Record<string, OrtTensor> = {};
    for (const name of this.session.inputNames) {
      const feed = feeds[name];
      if (feed === undefined) {
        throw new GraphError({
          what: `the ${this.options.label} session was run without an input`,
          tensor: name,
        });
      }
      inputs[name] = feedOf(name, feed);
    }
    let outputs: ort.InferenceSession.OnnxValueMapType;
    try {
      outputs = await this.session.run(inputs);
    } catch (thrown) {
      throw new RunError(
        { what: `the ${this.options.label} graph failed on ${this.options.device}: ${reason(thrown)}` },
        { cause: thrown },
      );
    }
    this.takeProfile();
    return this.collect(outputs);
  }

  async dispose(): Promise<void> {
    if (this.released) return;
    this.released = true;
    if (this.profile !== undefined) this.session.endProfiling();
    this.profile?.remove();
    this.profile = undefined;
    await this.session.release();
  }

  private collect(outputs: ort.InferenceSession.OnnxValueMapType): RunResult {
    const kept = new Set(this.options.keepOnDevice);
    const host: Record<string, HostTensor> = {};
    const device: Record<string, DeviceTensor> = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      if (tensor.location === 'gpu-buffer') device[name] = new GpuResident(tensor);
      else if (kept.has(name)) device[name] = new HostResident(fromOrt(name, tensor), true);
      else host[name] = fromOrt(name, tensor);
    }
    return { host, device };
  }

  private takeProfile(): void {
    if (this.profile === undefined) return;
    this.session.endProfiling();
    this.placed = this.profile.take();
    this.profile.remove();
    this.profile = undefined;
    const { device, label, log } = this.options;
    const counts = Object.entries(this.placed.counts).map(([provider, count]) => `${count} on ${provider}`);
    log?.(`${label} graph: ${counts.join(', ')}`);
    if (this.placed.onCpu.length > 0) {
      log?.(`${label} graph: the ${device} provider has no kernel for ${this.placed.onCpu.join(', ')}`);
    }
  }
}

function feedOf(name: string, feed: HostTensor | DeviceTensor): OrtTensor {
  if (feed instanceof GpuResident) return feed.tensor;
  if (feed instanceof HostResident) return toOrt(name, feed.host);
  if ('data' in feed) return toOrt(name, feed);
  throw new GraphError({ what: 'a device tensor of another runtime was fed', tensor: name });
}
