import { GraphError } from '../../base/errors';
import type { Graph } from '../graph/graph';
import type { DeviceTensor, RunResult, Runtime, Session } from '../graph/runtime';
import type { HostTensor } from '../graph/types';
import type { GramTriples } from './gramTriples';
import {
  backGraph,
  beginGraph,
  finishGraph,
  halfGraph,
  outGraph,
  refineGraph,
  stepGraph,
} from './sketchGraphs';

/** Rows of vectors on the runtime's device, with their Gram matrix. */
interface Sketch {
  readonly rows: DeviceTensor;
  readonly gram: Float64Array;
}

/** Orthonormal rows x and their images, with the images' Gram matrix. */
export interface Images {
  readonly x: DeviceTensor;
  readonly images: DeviceTensor;
  readonly gram: Float64Array;
}

/** Two terms of a recurrence: the last, and that before it. */
interface Recurrence {
  readonly before: DeviceTensor;
  readonly last: Sketch;
}

/** Images made orthonormal, and what leads back from them. */
interface Refined {
  readonly long: DeviceTensor;
  readonly projected: DeviceTensor;
  readonly gram: Float64Array;
  /** [q]: for each, the square of what it differs by from sigma times the other side's vector. */
  readonly residuals: Float32Array;
}

type Feeds = Parameters<Session['run']>[0];

/** What outlives a run stays on the device; Gram matrices come to the host. */
const GRAPHS = {
  begin: { graph: beginGraph, kept: ['next'] },
  out: { graph: outGraph, kept: ['x', 'image'] },
  half: { graph: halfGraph, kept: ['next'] },
  step: { graph: stepGraph, kept: ['x', 'next'] },
  back: { graph: backGraph, kept: ['next'] },
  refine: { graph: refineGraph, kept: ['long_side', 'projected'] },
  finish: { graph: finishGraph, kept: [] },
} as const satisfies Readonly<Record<string, { graph: (wide: boolean) => Graph; kept: readonly string[] }>>;
type Sessions = Readonly<Record<keyof typeof GRAPHS, Session>>;

/** The products that decompositions of tall matrices, or of wide ones, are made of: see `sketchGraphs`. */
export class SketchSessions {
  private constructor(private readonly sessions: Sessions) {}

  static async create(runtime: Runtime, wide: boolean): Promise<SketchSessions> {
    const make = ({ graph, kept }: (typeof GRAPHS)[keyof typeof GRAPHS], label: string): Promise<Session> =>
      runtime.createSession(graph(wide), { label: `svd ${label}`, keepOnDevice: kept });
    return new SketchSessions({
      begin: await make(GRAPHS.begin, 'first pass'),
      out: await make(GRAPHS.out, 'images'),
      half: await make(GRAPHS.half, 'half pass'),
      step: await make(GRAPHS.step, 'pass'),
      back: await make(GRAPHS.back, 'way back'),
      refine: await make(GRAPHS.refine, 'refinement'),
      finish: await make(GRAPHS.finish, 'finish'),
    });
  }

  /** The products with one matrix. */
  of(weight: DeviceTensor): MatrixSketch {
    return new MatrixSketch(this.sessions, weight);
  }

  async dispose(): Promise<void> {
    await Promise.all(Object.values(this.sessions).map((session) => session.dispose()));
  }
}

/** A decomposition that is under way; to be disposed of, with what stands on the device for it. */
export class MatrixSketch {
  private readonly held: DeviceTensor[] = [];

  constructor(
    private readonly sessions: Sessions,
    private readonly weight: DeviceTensor,
  ) {}

  /** The first pass: T_1 of the rows of x, for the recurrence of which W^T W's values up to `edge` are the range. */
  async begin(x: DeviceTensor, edge: number): Promise<Recurrence> {
    const run = await this.run('begin', { x, scale: scaleOf(edge) });
    return { before: x, last: { rows: this.keep(run, 'next'), gram: gramOf(run) } };
  }

  /** Begins a recurrence from orthonormal rows whose images are known. */
  async half({ x, images }: Images, edge: number): Promise<Recurrence> {
    const run = await this.run('half', { x, image: images, scale: scaleOf(edge) });
    return { before: x, last: { rows: this.keep(run, 'next'), gram: gramOf(run) } };
  }

  async step({ before, last }: Recurrence, factor: Float32Array, edge: number): Promise<Recurrence> {
    const feeds = { before, t: last.rows, factor: squareOf(factor), scale: scaleOf(edge) };
    const run = await this.run('step', feeds);
    return { before: this.keep(run, 'x'), last: { rows: this.keep(run, 'next'), gram: gramOf(run) } };
  }

  async out(t: DeviceTensor, factor: Float32Array): Promise<Images> {
    const run = await this.run('out', { t, factor: squareOf(factor) });
    return { x: this.keep(run, 'x'), images: this.keep(run, 'image'), gram: gramOf(run) };
  }

  async back({ images }: Images, factor: Float32Array): Promise<Sketch> {
    const run = await this.run('back', { image: images, factor: squareOf(factor) });
    return { rows: this.keep(run, 'next'), gram: gramOf(run) };
  }

  async refine({ x, images }: Images, { sigma, rotation, over }: GramTriples): Promise<Refined> {
    const run = await this.run('refine', {
      x,
      image: images,
      rotation: squareOf(rotation),
      over: squareOf(over),
      sigma: { dtype: 'f32', shape: [sigma.length, 1], data: sigma },
    });
    return {
      long: this.keep(run, 'long_side'),
      projected: this.keep(run, 'projected'),
      gram: gramOf(run),
      residuals: f32Of(run, 'residual_squares'),
    };
  }

  async finish({ long, projected }: Refined, { sigma, rotation, over }: GramTriples) {
    const shape = [rotation.length / sigma.length, sigma.length];
    const run = await this.run('finish', {
      long_side: long,
      projected,
      rotation: { dtype: 'f32', shape, data: rotation },
      over: { dtype: 'f32', shape, data: over },
    });
    return { u: f32Of(run, 'u'), vt: f32Of(run, 'vt') };
  }

  dispose(): void {
    for (const tensor of this.held) tensor.dispose();
    this.held.length = 0;
  }

  private run(what: keyof Sessions, feeds: Feeds): Promise<RunResult> {
    return this.sessions[what].run({ w: this.weight, ...feeds });
  }

  private keep({ device }: RunResult, name: string): DeviceTensor {
    const tensor = device[name];
    if (tensor === undefined) throw new GraphError({ what: `the decomposition gave no '${name}'` });
    this.held.push(tensor);
    return tensor;
  }
}

/** What takes 0 .. edge to 0 .. 2. */
function scaleOf(edge: number): HostTensor {
  return { dtype: 'f32', shape: [1, 1], data: Float32Array.of(2 / edge) };
}

function squareOf(data: Float32Array): HostTensor {
  const q = Math.sqrt(data.length);
  return { dtype: 'f32', shape: [q, q], data };
}

function gramOf({ host }: RunResult): Float64Array {
  const data = host['gram']?.data;
  if (!(data instanceof Float64Array))
    throw new GraphError({ what: 'the decomposition gave no Gram matrix' });
  return data;
}

function f32Of({ host }: RunResult, name: string): Float32Array {
  const data = host[name]?.data;
  if (!(data instanceof Float32Array)) throw new GraphError({ what: `the decomposition gave no '${name}'` });
  return data;
}
