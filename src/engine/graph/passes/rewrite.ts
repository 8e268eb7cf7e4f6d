import type { Graph } from '../graph';
import type { Node, Value } from '../types';
import { readValues } from './nodes';

/**
 * Replacements of nodes, gathered while a pass walks over a graph and carried out at the end. Every query answers
 * for the graph as rewritten so far.
 */
export class Rewrite {
  private readonly slots: (readonly Node[])[];
  private readonly places = new Map<Node, number>();
  private readonly producers = new Map<Value, Node>();
  private readonly reads = new Map<Value, number>();

  constructor(private readonly graph: Graph) {
    this.slots = graph.nodes.map((node) => [node]);
    graph.nodes.forEach((node, place) => this.enter(node, place));
    for (const output of graph.outputs) this.count(output, 1);
  }

  producer(value: Value): Node | undefined {
    return this.producers.get(value);
  }

  /** Place in the node list; a replacement has the place of what it replaced. */
  place(node: Node): number {
    return this.places.get(node) ?? -1;
  }

  /** Whether one node reads the value, once, and it is no output of the graph: that node may take its place. */
  isReadOnce(value: Value): boolean {
    return this.reads.get(value) === 1;
  }

  isRead(value: Value): boolean {
    return (this.reads.get(value) ?? 0) > 0;
  }

  /** Puts nodes in the place of `at`. */
  replace(at: Node, by: readonly Node[]): void {
    const place = this.place(at);
    this.leave(at);
    this.slots[place] = [...(this.slots[place] ?? []).filter((node) => node !== at), ...by];
    for (const node of by) this.enter(node, place);
  }

  /** Writes the new node list into the graph. */
  commit(): void {
    this.graph.setNodes(this.slots.flat());
  }

  private enter(node: Node, place: number): void {
    this.places.set(node, place);
    for (const output of node.outputs) this.producers.set(output, node);
    for (const input of readValues(node)) this.count(input, 1);
  }

  private leave(node: Node): void {
    this.places.delete(node);
    for (const output of node.outputs) this.producers.delete(output);
    for (const input of readValues(node)) this.count(input, -1);
  }

  private count(value: Value, by: number): void {
    this.reads.set(value, (this.reads.get(value) ?? 0) + by);
  }
}
