import { GraphError } from '../../base/errors';
import type { Graph } from '../graph/graph';
import type { DeviceTensor, RunResult, Runtime, Session } from '../graph/runtime';
import type { HostTensor } from '../graph/types';
import type { GramTriples } from './gramTriples';
import { backGraph, finishGraph, outGraph, passGraph, refineGraph, turnedGraph } from './sketchGraphs';

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

/** What a pass is made of: see `passGraph`. */
interface PassFeeds {
  readonly basis: HostTensor;
  readonly cleaner: HostTensor;
  readonly rest: HostTensor | DeviceTensor;
  /** [b, b] */
  readonly factor: Float32Array;
}

/** What it leaves. */
interface Pass {
  /** [b, short] */
  readonly x: Float32Array;
  /** [b, k] */
  readonly inner: Float32Array;
  /** [b, b] */
  readonly own: Float32Array;
  readonly rest: Sketch;
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
  turned: { graph: turnedGraph, kept: ['turned'] },
  pass: { graph: passGraph, kept: ['next_rest'] },
  out: { graph: outGraph, kept: ['x', 'image'] },
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
      turned: await make(GRAPHS.turned, 'transpose'),
      pass: await make(GRAPHS.pass, 'pass'),
      out: await make(GRAPHS.out, 'images'),
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
  #turned: DeviceTensor | undefined;

  constructor(
    private readonly sessions: Sessions,
    private readonly weight: DeviceTensor,
  ) {}

  async pass(feeds: PassFeeds): Promise<Pass> {
    this.#turned ??= this.keep(await this.run('turned', {}), 'turned');
    const run = await this.run('pass', { ...feeds, turned: this.#turned, factor: squareOf(feeds.factor) });
    return {
      x: f32Of(run, 'x'),
      inner: f32Of(run, 'inner'),
      own: f32Of(run, 'own'),
      rest: { rows: this.keep(run, 'next_rest'), gram: gramOf(run) },
    };
  }

  /** The images of combinations of the basis's rows, which are the columns of `factor` [k, q]. */
  async out(basis: HostTensor | DeviceTensor, factor: Float32Array): Promise<Images> {
    const [k = 1] = basis.shape;
    const combinations = { dtype: 'f32', shape: [k, factor.length / k], data: factor } as const;
    const run = await this.run('out', { basis, factor: combinations });
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
