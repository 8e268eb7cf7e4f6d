import { InputError } from '../base/errors';
import type { DeviceKind } from '../engine/graph/runtime';
import { ort } from './ort';
import { probeDevice, type Probe, type ProbeResult } from './probe';

/** One device of this machine, as far as it was looked at. */
interface DeviceReport {
  readonly device: DeviceKind;
  readonly usable: boolean;
  /** For people: what it does, or why it is not usable. */
  readonly note: string;
}

export interface DeviceChoice {
  readonly device: DeviceKind;
  /** For people: one sentence on why this device. */
  readonly why: string;
  readonly available: readonly DeviceReport[];
}

/** What the choice rests on; replaced in tests. */
export interface DeviceSources {
  /** Devices this build of onnxruntime knows of. */
  readonly supported: readonly DeviceKind[];
  readonly probe: Probe;
}

type GpuKind = Exclude<DeviceKind, 'cpu'>;

/** The order `auto` looks in: own kernels for most of the graph before converters of whole models. */
const GPU_ORDER: readonly GpuKind[] = ['cuda', 'webgpu', 'dml', 'coreml'];

const HOW_TO_GET: Readonly<Record<GpuKind, string>> = {
  webgpu:
    "Install the GPU's driver (on Linux with Vulkan, and the Vulkan loader: libvulkan1 on Debian and Ubuntu), or set device: cpu.",
  cuda: 'Install CUDA 12 and cuDNN 9, run node_modules/onnxruntime-node/script/install.js with ONNXRUNTIME_NODE_INSTALL=true in the environment (Linux x64), or set device: cpu.',
  dml: 'DirectML is part of onnxruntime on Windows only. Set device: auto or cpu.',
  coreml: 'Core ML is part of onnxruntime on macOS only. Set device: auto or cpu.',
};

/** Slower than any GPU by an order of magnitude, faster than any software adapter by as much. */
const SOFTWARE_GFLOPS = 1;
/** Training graphs are many small kernels: a device that wins by less in large products loses in them. */
const WORTHWHILE = 2;

function isDeviceKind(name: string): name is DeviceKind {
  return name === 'cpu' || GPU_ORDER.some((kind) => kind === name);
}

function defaultSources(): DeviceSources {
  const supported = ort.listSupportedBackends().flatMap(({ name }) => (isDeviceKind(name) ? [name] : []));
  return { supported, probe: probeDevice };
}

const CPU_REPORT: DeviceReport = { device: 'cpu', usable: true, note: 'always there' };

function isSoftware(result: ProbeResult): boolean {
  return result.ok && result.gflops < SOFTWARE_GFLOPS;
}

function report(device: DeviceKind, result: ProbeResult): DeviceReport {
  if (!result.ok) return { device, usable: false, note: result.problem };
  const speed = `${speedOf(result.gflops)} GFLOP/s against ${speedOf(result.cpuGflops)} on the CPU`;
  return { device, usable: true, note: isSoftware(result) ? `a software adapter: ${speed}` : speed };
}

function speedOf(gflops: number): string {
  return gflops < 10 ? gflops.toFixed(1) : gflops.toFixed(0);
}

/**
 * The device a run computes on. `auto` takes the first GPU that computes rightly and multiplies matrices at least
 * twice as fast as the CPU; a software adapter (SwiftShader, llvmpipe, WARP), which nothing in onnxruntime tells
 * from a GPU, is so slow that its speed gives it away. A device asked for by name is taken however slow it is; an
 * InputError says what is there, and how to get it, where it cannot be opened.
 */
export async function chooseDevice(
  requested: 'auto' | DeviceKind,
  sources: DeviceSources = defaultSources(),
): Promise<DeviceChoice> {
  if (requested === 'cpu') return { device: 'cpu', why: 'device: cpu asks for it', available: [CPU_REPORT] };
  return requested === 'auto' ? chooseFastest(sources) : chooseNamed(requested, sources);
}

/** What there is on this machine, and what `auto` takes of it. */
interface DeviceSurvey {
  readonly choice: DeviceChoice;
  /** Every device, in the order in which `auto` looks, the CPU last. */
  readonly devices: readonly DeviceReport[];
}

/** Tries every device out. What `chooseDevice` would try is tried once. */
export async function surveyDevices(sources: DeviceSources = defaultSources()): Promise<DeviceSurvey> {
  const seen = new Map<DeviceKind, ProbeResult>();
  const probe: Probe = async (device) => {
    const result = seen.get(device) ?? (await sources.probe(device));
    seen.set(device, result);
    return result;
  };
  const choice = await chooseFastest({ ...sources, probe });
  const devices: DeviceReport[] = [];
  for (const device of GPU_ORDER) {
    devices.push(
      sources.supported.includes(device) ? report(device, await probe(device)) : notPartOf(device),
    );
  }
  return { choice, devices: [...devices, CPU_REPORT] };
}

function notPartOf(device: DeviceKind): DeviceReport {
  return { device, usable: false, note: absent() };
}

function absent(): string {
  return `not part of onnxruntime on ${process.platform}`;
}

async function chooseFastest({ supported, probe }: DeviceSources): Promise<DeviceChoice> {
  const available: DeviceReport[] = [CPU_REPORT];
  for (const device of GPU_ORDER.filter((kind) => supported.includes(kind))) {
    const result = await probe(device);
    const seen = report(device, result);
    available.push(seen);
    if (result.ok && !isSoftware(result) && result.gflops > WORTHWHILE * result.cpuGflops) {
      return { device, why: `${device} is the fastest device here: ${seen.note}`, available };
    }
  }
  const others = available.slice(1).map(({ device, note }) => `${device}: ${note}`);
  const why =
    others.length === 0
      ? 'this build of onnxruntime has no other device'
      : `no GPU is worth using (${others.join('; ')})`;
  return { device: 'cpu', why, available };
}

async function chooseNamed(device: GpuKind, { supported, probe }: DeviceSources): Promise<DeviceChoice> {
  const known = supported.includes(device);
  const result: ProbeResult = known ? await probe(device) : { ok: false, problem: absent() };
  const seen = report(device, result);
  if (!seen.usable) throw await unavailable(seen, device, { supported, probe });
  return { device, why: `device: ${device} asks for it (${seen.note})`, available: [CPU_REPORT, seen] };
}

async function unavailable(
  seen: DeviceReport,
  asked: GpuKind,
  { supported, probe }: DeviceSources,
): Promise<InputError> {
  const usable: DeviceKind[] = ['cpu'];
  for (const kind of GPU_ORDER.filter((other) => other !== asked && supported.includes(other))) {
    if ((await probe(kind)).ok) usable.push(kind);
  }
  return new InputError({
    what: `device ${asked} is not available here (${seen.note})`,
    key: 'device',
    got: asked,
    expected: `auto or ${usable.join(', ')}`,
    remedy: HOW_TO_GET[asked],
  });
}
