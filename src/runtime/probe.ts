import { execFile } from 'node:child_process';
import { toError } from '../base/errors';
import { Graph } from '../engine/graph/graph';
import { encodeModel } from '../engine/graph/onnx/encode';
import type { DeviceKind } from '../engine/graph/runtime';
import { ortPath } from './ortPath';

/** What a small graph did on a device. */
export type ProbeResult =
  | { readonly ok: false; readonly problem: string }
  /** GFLOP/s of f32 matrix products, on the device and on this machine's CPU with the same sizes. */
  | { readonly ok: true; readonly gflops: number; readonly cpuGflops: number };

export type Probe = (device: DeviceKind) => Promise<ProbeResult>;

/** A device that does not answer in this time is as good as absent. */
const TIMEOUT_MS = 30_000;
const PRODUCTS = 2;

/**
 * Run by `node -e`. Products of 128 x 128 come first: a software adapter needs seconds for them, and larger ones
 * would tell nothing new; they are also enough to see that the device computes rightly.
 */
const SCRIPT = `
const [ortPath, device, model, products] = process.argv.slice(1);
const ort = require(ortPath);
const bytes = Buffer.from(model, 'base64');
async function speed(name, n, runs) {
  const executionProviders = name === 'cpu' ? ['cpu'] : [{ name }, 'cpu'];
  const session = await ort.InferenceSession.create(bytes, { executionProviders, graphOptimizationLevel: 'disabled', logSeverityLevel: 4 });
  const x = new ort.Tensor('float32', new Float32Array(n * n).fill(1 / n), [n, n]);
  let best = Infinity;
  for (let run = 0; run <= runs; run++) {
    const start = performance.now();
    const { y } = await session.run({ x });
    if (run > 0) best = Math.min(best, performance.now() - start);
    if (!(Math.abs(y.data[0] - n) < 1e-2 * n)) throw new Error('it computes wrongly: ' + y.data[0] + ' instead of ' + n);
  }
  await session.release();
  return (products * 2 * n ** 3) / best / 1e6;
}
async function main() {
  let n = 128;
  let gflops = await speed(device, n, 2);
  if (gflops > 1) { n = 512; gflops = await speed(device, n, 2); }
  return { gflops, cpuGflops: await speed('cpu', n, 3) };
}
main().then(
  (result) => console.log(JSON.stringify(result)),
  (error) => console.log(JSON.stringify({ problem: String(error.message) })),
);
`;

/** Sum of the last of some products of x [N, N] with itself. */
function probeModel(): Uint8Array {
  const graph = new Graph();
  const x = graph.input('x', 'f32', ['N', 'N']);
  let y = x;
  for (let i = 0; i < PRODUCTS; i++) y = graph.add('MatMul', [y, x], {});
  graph.output(graph.add('ReduceSum', [y], { axes: [0, 1], keepdims: false }, { name: 'y' }));
  return encodeModel(graph);
}

/** onnxruntime's commonest reasons in plain words, the others as they are. */
function plain(problem: string): string {
  if (problem.includes('Failed to get a WebGPU adapter')) return 'no graphics adapter is found';
  if (/Failed to load (shared )?library/.test(problem)) return 'its libraries are not installed';
  return (problem.split('\n')[0] ?? '').trim();
}

function resultOf(output: string): ProbeResult | undefined {
  const line = output.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) return undefined;
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null) return undefined;
  if ('problem' in value && typeof value.problem === 'string')
    return { ok: false, problem: plain(value.problem) };
  if (!('gflops' in value && 'cpuGflops' in value)) return undefined;
  const { gflops, cpuGflops } = value;
  if (typeof gflops !== 'number' || typeof cpuGflops !== 'number') return undefined;
  return { ok: true, gflops, cpuGflops };
}

/**
 * Tries a device out in a process of its own, since a driver that is broken may abort or hang what opens it. Never
 * throws: what went wrong is the result.
 */
export const probeDevice: Probe = (device) =>
  new Promise((resolve) => {
    const model = Buffer.from(probeModel()).toString('base64');
    try {
      execFile(
        process.execPath,
        ['-e', SCRIPT, ortPath(), device, model, String(PRODUCTS)],
        {
          timeout: TIMEOUT_MS,
          killSignal: 'SIGKILL',
          windowsHide: true,
          env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
        },
        (error, stdout) => {
          const result = resultOf(stdout);
          if (result !== undefined) resolve(result);
          else if (error?.killed === true)
            resolve({ ok: false, problem: `no answer in ${TIMEOUT_MS / 1000} s` });
          else resolve({ ok: false, problem: 'its driver ended the process that tried it' });
        },
      );
    } catch (thrown) {
      resolve({ ok: false, problem: toError(thrown).message });
    }
  });
