import type { DimBindings } from '../dims';
import type { Graph } from '../graph';
import { executionOrder } from './executionOrder';
import { bufferLifetimes, type Lifetime } from './lifetimes';

/**
 * Bytes of onnxruntime's CPU arena that are resident once a graph has run: what is alive at the worst moment, and the
 * holes between buffers, since the arena gives nothing back. Simulated allocation by allocation, as `liveSet` counts
 * them, after `BFCArena` in onnxruntime's core/framework/bfc_arena.cc with its default settings.
 */
export function arenaBytes(graph: Graph, bindings: DimBindings): number {
  const order = executionOrder(graph);
  const arena = new Arena();
  const dying = new Map<number, Chunk[]>();
  let at = 0;
  for (const lifetime of bufferLifetimes(graph, order, bindings)) {
    for (; at < lifetime.from; at++) for (const chunk of dying.get(at) ?? []) arena.release(chunk);
    remember(dying, lifetime, arena.allocate(lifetime.bytes));
  }
  return arena.resident;
}

function remember(dying: Map<number, Chunk[]>, { to }: Lifetime, chunk: Chunk): void {
  const chunks = dying.get(to);
  if (chunks === undefined) dying.set(to, [chunk]);
  else chunks.push(chunk);
}

/** A piece of a region; its neighbours are the pieces before and behind it. */
interface Chunk {
  readonly region: number;
  readonly offset: number;
  bytes: number;
  free: boolean;
  before: Chunk | undefined;
  behind: Chunk | undefined;
}

const ALIGNMENT = 256;
const BINS = 21;
const FIRST_REGION = 1 << 20;
const LARGEST_REGION = 2 ** 30;
/** A free chunk is split where what is left over is at least as large as the request, or as this. */
const MOST_WASTED = 128 * 2 ** 20;

/** Best fit over free lists by size, from regions that double in size. */
class Arena {
  private nextRegion = FIRST_REGION;
  /** By how far each region was ever used: pages beyond were never touched. */
  private readonly used: number[] = [];
  /** Free chunks by the power of two of their size, smallest first. */
  private readonly bins: Chunk[][] = Array.from({ length: BINS }, () => []);

  get resident(): number {
    return this.used.reduce((sum, bytes) => sum + bytes, 0);
  }

  allocate(bytes: number): Chunk {
    const wanted = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    const chunk = this.take(wanted) ?? this.extend(wanted);
    if (chunk.bytes >= 2 * wanted || chunk.bytes - wanted >= MOST_WASTED) this.split(chunk, wanted);
    chunk.free = false;
    const used = this.used[chunk.region] ?? 0;
    this.used[chunk.region] = Math.max(used, chunk.offset + bytes);
    return chunk;
  }

  release(chunk: Chunk): void {
    let whole = chunk;
    const { behind, before } = chunk;
    if (behind?.free === true) {
      this.forget(behind);
      join(whole, behind);
    }
    if (before?.free === true) {
      this.forget(before);
      join(before, whole);
      whole = before;
    }
    this.keep(whole);
  }

  /** The smallest free chunk that is large enough. */
  private take(wanted: number): Chunk | undefined {
    for (const bin of this.bins.slice(binOf(wanted))) {
      const at = bin.findIndex(({ bytes }) => bytes >= wanted);
      if (at >= 0) return bin.splice(at, 1)[0];
    }
    return undefined;
  }

  private extend(wanted: number): Chunk {
    const doubles = wanted <= this.nextRegion;
    while (this.nextRegion < wanted) this.nextRegion *= 2;
    const bytes = this.nextRegion;
    if (doubles) this.nextRegion = Math.min(LARGEST_REGION, 2 * bytes);
    const region = this.used.push(0) - 1;
    return { region, offset: 0, bytes, free: true, before: undefined, behind: undefined };
  }

  private split(chunk: Chunk, wanted: number): void {
    const rest: Chunk = {
      region: chunk.region,
      offset: chunk.offset + wanted,
      bytes: chunk.bytes - wanted,
      free: true,
      before: chunk,
      behind: chunk.behind,
    };
    if (chunk.behind !== undefined) chunk.behind.before = rest;
    chunk.behind = rest;
    chunk.bytes = wanted;
    this.keep(rest);
  }

  private keep(chunk: Chunk): void {
    chunk.free = true;
    const bin = this.binOfSize(chunk.bytes);
    const larger = bin.findIndex((other) => comesBefore(chunk, other));
    bin.splice(larger < 0 ? bin.length : larger, 0, chunk);
  }

  private forget(chunk: Chunk): void {
    const bin = this.binOfSize(chunk.bytes);
    bin.splice(bin.indexOf(chunk), 1);
  }

  private binOfSize(bytes: number): Chunk[] {
    return this.bins[binOf(bytes)] ?? [];
  }
}

/** Appends a free neighbour. */
function join(chunk: Chunk, behind: Chunk): void {
  chunk.bytes += behind.bytes;
  chunk.behind = behind.behind;
  if (behind.behind !== undefined) behind.behind.before = chunk;
}

function binOf(bytes: number): number {
  return Math.min(BINS - 1, Math.floor(Math.log2(bytes / ALIGNMENT)));
}

function comesBefore(a: Chunk, b: Chunk): boolean {
  return a.bytes - b.bytes < 0 || (a.bytes === b.bytes && a.region === b.region && a.offset < b.offset);
}
