/** A vertex of a flow network: what it costs to cut it, and where its flow comes from. */
export interface CutVertex {
  /** 0 or more. */
  readonly cost: number;
  /** Indices of vertices. */
  readonly sources: readonly number[];
  /** Flow begins here. */
  readonly begins: boolean;
  /** Flow ends here. */
  readonly ends: boolean;
}

interface Edge {
  readonly to: number;
  residual: number;
  readonly reverse: number;
}

/**
 * The cheapest set of vertices without which no path leads from where flow begins to where it ends; of all such sets
 * the one nearest to the ends. Maximum flow by Dinic's algorithm, each vertex split into an entry and an exit.
 */
export function minimumVertexCut(vertices: readonly CutVertex[]): ReadonlySet<number> {
  const source = 2 * vertices.length;
  const sink = source + 1;
  const edges: Edge[][] = Array.from({ length: sink + 1 }, () => []);
  const connect = (from: number, to: number, capacity: number): void => {
    const out = edges[from];
    const back = edges[to];
    if (out === undefined || back === undefined) return;
    out.push({ to, residual: capacity, reverse: back.length });
    back.push({ to: from, residual: 0, reverse: out.length - 1 });
  };
  vertices.forEach(({ cost, sources, begins, ends }, i) => {
    connect(2 * i, 2 * i + 1, cost);
    for (const from of sources) connect(2 * from + 1, 2 * i, Infinity);
    if (begins) connect(source, 2 * i, Infinity);
    if (ends) connect(2 * i + 1, sink, Infinity);
  });
  saturate(edges, source, sink);

  const reachesSink = new Set([sink]);
  const queue = [sink];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const { to, reverse } of edges[at] ?? []) {
      const forward = edges[to]?.[reverse];
      if (forward === undefined || forward.residual <= 0 || reachesSink.has(to)) continue;
      reachesSink.add(to);
      queue.push(to);
    }
  }
  return new Set(
    vertices.flatMap((_, i) => (!reachesSink.has(2 * i) && reachesSink.has(2 * i + 1) ? [i] : [])),
  );
}

function saturate(edges: readonly (readonly Edge[])[], source: number, sink: number): void {
  for (;;) {
    const level = distances(edges, source);
    if (!level.has(sink)) return;
    const next = edges.map(() => 0);
    while (push(edges, level, next, source, sink, Infinity) > 0);
  }
}

function distances(edges: readonly (readonly Edge[])[], source: number): ReadonlyMap<number, number> {
  const level = new Map([[source, 0]]);
  for (const [at, distance] of level) {
    for (const { to, residual } of edges[at] ?? []) {
      if (residual > 0 && !level.has(to)) level.set(to, distance + 1);
    }
  }
  return level;
}

/** Sends flow along one path of the level graph; `next` remembers the edges of each vertex that lead nowhere. */
function push(
  edges: readonly (readonly Edge[])[],
  level: ReadonlyMap<number, number>,
  next: number[],
  at: number,
  sink: number,
  most: number,
): number {
  if (at === sink) return most;
  const out = edges[at] ?? [];
  for (let i = next[at] ?? 0; i < out.length; i++) {
    next[at] = i;
    const edge = out[i];
    if (edge === undefined || edge.residual <= 0 || level.get(edge.to) !== (level.get(at) ?? 0) + 1) continue;
    const sent = push(edges, level, next, edge.to, sink, Math.min(most, edge.residual));
    if (sent <= 0) continue;
    edge.residual -= sent;
    const back = edges[edge.to]?.[edge.reverse];
    if (back !== undefined) back.residual += sent;
    return sent;
  }
  next[at] = out.length;
  return 0;
}
