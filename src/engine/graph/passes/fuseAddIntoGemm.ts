import { broadcastShapes, shapesEqual } from '../dims';
import type { Graph } from '../graph';
import type { Node, Value } from '../types';
import { isOp } from './nodes';
import { Rewrite } from './rewrite';

/**
 * Add(Gemm(a, b), y) becomes Gemm(a, b, y) where nobody else reads the product and y broadcasts to it: a pass over
 * the result in memory less, a tenth of a step's time. Where the Gemm has a C that is itself such a Gemm's product
 * (a linear layer with an adapter), y becomes the C of the innermost one; so sums of any length become chains.
 *
 * The fused nodes stand where the Add stood, since y may be computed after the product, and take its stage.
 */
export function fuseAddIntoGemm(graph: Graph): void {
  const rewrite = new Rewrite(graph);
  for (const node of graph.nodes) if (isOp(node, 'Add')) fuse(rewrite, node);
  rewrite.commit();
}

function fuse(rewrite: Rewrite, add: Node): void {
  const [a, b] = add.inputs;
  const [sum] = add.outputs;
  if (a === undefined || b === undefined || sum === undefined) return;
  const place = (chain: readonly Node[]): number => Math.max(...chain.map((node) => rewrite.place(node)));
  const [best] = [
    { chain: openChain(rewrite, a), y: b },
    { chain: openChain(rewrite, b), y: a },
  ]
    .filter(({ chain, y }) => {
      const product = chain[0]?.outputs[0];
      return product !== undefined && broadcastsTo(y, product);
    })
    // Of two products the later takes the earlier as C: it is there by then.
    .sort((left, right) => place(right.chain) - place(left.chain));
  if (best === undefined) return;

  const fused = best.chain.map((gemm, depth) => {
    const innermost = depth === best.chain.length - 1;
    return {
      ...gemm,
      attributes: { ...gemm.attributes, beta: 1 },
      inputs: innermost ? [...gemm.inputs.slice(0, 2), best.y] : gemm.inputs,
      outputs: depth === 0 ? [sum] : gemm.outputs,
      stage: add.stage,
    };
  });
  for (const gemm of best.chain) rewrite.replace(gemm, []);
  rewrite.replace(add, fused.reverse());
}

/** Whether y can be added to a Gemm's product without making it larger. */
function broadcastsTo(y: Value, product: Value): boolean {
  const shape = broadcastShapes(y.shape, product.shape);
  return shape !== undefined && shapesEqual(shape, product.shape);
}

/**
 * The Gemms that end in `value`, outermost first, each the C of the one before it, the last without a C; empty where
 * there is none. Nothing else reads any of their products.
 */
function openChain(rewrite: Rewrite, value: Value): readonly Node<'Gemm'>[] {
  const chain: Node<'Gemm'>[] = [];
  let current = value;
  for (;;) {
    const node = rewrite.producer(current);
    if (!isOp(node, 'Gemm') || !rewrite.isReadOnce(current)) return [];
    chain.push(node);
    const c = node.inputs[2];
    if (c === undefined) return chain;
    if ((node.attributes.beta ?? 1) !== 1 || !shapesEqual(c.shape, value.shape)) return [];
    current = c;
  }
}
