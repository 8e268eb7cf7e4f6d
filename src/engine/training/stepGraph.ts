import { backward } from '../autodiff/backward';
import { add, concat, gemm, mul, reshape } from '../graph/builder';
import { checkGraph } from '../graph/check';
import { Graph } from '../graph/graph';
import { lowerGraph } from '../graph/lower/lower';
import { dropAdjoints } from '../graph/passes/dropAdjoints';
import { eliminateDead } from '../graph/passes/eliminateDead';
import { fuseAddIntoGemm } from '../graph/passes/fuseAddIntoGemm';
import { fuseTransposeIntoMatMul } from '../graph/passes/fuseTransposeIntoMatMul';
import { orderForMemory } from '../graph/passes/orderForMemory';
import { recompute, type RecomputeLevel } from '../graph/passes/recompute';
import type { ExternalLocation, Value } from '../graph/types';
import { GraphError } from '../../base/errors';
import type { AdapterMethod, AdapterSettings } from '../adapters/method';
import { declareKeyValueCache } from '../models/keyValueCache';
import { declareCausalInputs, type CausalInputs } from '../models/causalInputs';
import type { DecoderConfig } from '../models/config';
import { buildDecoder, type DecoderOutput, type DecoderParts } from '../models/decoder';
import { weightSpecs, type LinearModule } from '../models/modules';
import { DropoutInputs } from './dropoutFeeds';
import { declareParameters, slabNames, type Slab } from './parameters';

/** An adapter on one module. */
export interface ModuleAdapter {
  readonly module: LinearModule;
  readonly method: AdapterMethod;
  readonly settings: AdapterSettings;
}

/** Everything that decides a graph's form but what it computes. */
export interface GraphSpec {
  readonly config: DecoderConfig;
  /** Adapters by module path; empty for the base model and for full fine-tuning. */
  readonly adapters: ReadonlyMap<string, ModuleAdapter>;
  /** Trainable parameters; all other factors are frozen inputs, all other weights stay in their files. */
  readonly slabs: readonly Slab[];
  /** Where each weight's bytes lie. */
  readonly locate: (weight: string) => ExternalLocation;
  /** Length of the rotary caches: the longest row. */
  readonly positions: number;
  /** In how many parts the cross-entropy is computed; divides the number of supervised positions. */
  readonly chunks: number;
  readonly recompute: RecomputeLevel;
  /** The CPU provider has a kernel for MatMul with transposed operands, WebGPU's has not. */
  readonly fuseTranspose: boolean;
}

export const LOSS = 'loss';
export const LOGITS = 'logits';

/** Name of a module's factor, as a trainable parameter and as a frozen input. */
export function factorName(module: LinearModule, factor: string): string {
  return `${module.path}.${factor}`;
}

/** Frozen factors a graph of this form asks for as inputs, with their shapes. */
export function frozenFactors(
  adapters: Iterable<ModuleAdapter>,
  slabs: readonly Slab[],
): readonly { readonly name: string; readonly shape: readonly number[] }[] {
  const trained = new Set(slabs.flatMap((slab) => slab.entries.map((entry) => entry.parameter.name)));
  return [...adapters].flatMap(({ module, method, settings }) =>
    method
      .factors(module, settings)
      .map((factor) => ({ name: factorName(module, factor.name), shape: factor.shape }))
      .filter((factor) => !trained.has(factor.name)),
  );
}

/** Scalar input: 1 where gradients are added to the accumulators, 0 where the accumulators start anew. */
export const ACCUMULATE = 'accumulate';

/**
 * The step graph: batch, parameters and gradient accumulators in; loss and new accumulators out. Weighted by the
 * batch's loss weights, losses and gradients of an optimiser step's micro-batches simply add up.
 */
export function buildStepGraph(spec: GraphSpec): Graph {
  const { graph, output, inputs, parameters } = buildForward(spec, true);
  const [loss] = graph.addAll(
    'LinearCrossEntropy',
    [output.hidden, output.head, inputs.labels, inputs.lossWeights],
    { chunks: spec.chunks, withWeightGradient: isTrained(output.head, parameters) },
    { name: LOSS },
  );
  if (loss === undefined) throw new GraphError({ what: 'the loss has no output' });
  graph.output(loss);
  const gradients = backward(graph, { loss, wrt: [...parameters.values()] });
  const flag = graph.input(ACCUMULATE, 'f32', []);
  graph.staged('backward', () => {
    for (const slab of spec.slabs) accumulate(graph, slab, flag, parameters, gradients);
  });
  return finish(graph, spec);
}

/** The evaluation graph: the loss alone (a sum, where the loss weights are 1). */
export function buildLossGraph(spec: GraphSpec): Graph {
  const { graph, output, inputs } = buildForward(spec);
  const loss = graph.add(
    'LinearCrossEntropy',
    [output.hidden, output.head, inputs.labels, inputs.lossWeights],
    { chunks: spec.chunks, withWeightGradient: false },
    { name: LOSS },
  );
  graph.output(loss);
  return finish(graph, spec);
}

/** Logits [S, vocabSize] at the supervised positions. */
export function buildLogitsGraph(spec: GraphSpec): Graph {
  const { graph, output } = buildForward(spec);
  graph.output(gemm(graph, output.hidden, output.head, { transB: true, name: LOGITS }));
  return finish(graph, spec);
}

/**
 * The generation graph: logits [S, vocabSize] of new tokens that also attend to a key-value cache, and the cache with
 * the new tokens in it. See `declareKeyValueCache` for its inputs and outputs.
 */
export function buildGenerationGraph(spec: GraphSpec): Graph {
  const { graph, inputs, parts } = declareModel(spec);
  const cache = declareKeyValueCache(graph, spec.config);
  const cached = { ...parts, keyValueGrids: cache.grids };
  const output = buildDecoder(cached, { ...inputs, keyIndex: cache.keyIndex }, spec.positions);
  graph.output(gemm(graph, output.hidden, output.head, { transB: true, name: LOGITS }));
  for (const value of cache.updated()) graph.output(value);
  return finish(graph, spec);
}

function isTrained(value: Value, parameters: ReadonlyMap<string, Value>): boolean {
  return [...parameters.values()].includes(value);
}

interface Forward extends Declared {
  readonly output: DecoderOutput;
}

function buildForward(spec: GraphSpec, training = false): Forward {
  const declared = declareModel(spec, training);
  return { ...declared, output: buildDecoder(declared.parts, declared.inputs, spec.positions) };
}

interface Declared {
  readonly graph: Graph;
  readonly inputs: CausalInputs;
  readonly parameters: ReadonlyMap<string, Value>;
  readonly parts: DecoderParts;
}

/** Declares the batch, the parameters and the frozen factors, and how weights and linear layers come from them. */
function declareModel(spec: GraphSpec, training = false): Declared {
  const graph = new Graph();
  const dropout = training ? new DropoutInputs(graph, spec.chunks) : undefined;
  const inputs = declareCausalInputs(graph, { ...spec.config, chunks: spec.chunks });
  const parameters = declareParameters(graph, spec.slabs);
  const frozen = new Map(
    frozenFactors(spec.adapters.values(), spec.slabs).map(({ name, shape }) => [
      name,
      graph.input(name, 'f32', shape),
    ]),
  );
  const shapes = new Map(weightSpecs(spec.config).map(({ name, shape }) => [name, shape]));
  const weights = new Map<string, Value>();
  const weight = (name: string): Value => {
    const trained = parameters.get(name) ?? weights.get(name);
    if (trained !== undefined) return trained;
    const shape = shapes.get(name);
    if (shape === undefined) throw new GraphError({ what: 'the model has no such weight', tensor: name });
    const value = graph.external(name, 'f32', shape, spec.locate(name));
    weights.set(name, value);
    return value;
  };
  const linear = (module: LinearModule, x: Value): Value =>
    graph.scoped(module.kind, () => {
      const c = module.bias === undefined ? undefined : weight(module.bias);
      const base = gemm(graph, x, weight(module.weight), { transB: true, c, name: module.path });
      const adapter = spec.adapters.get(module.path);
      if (adapter === undefined) return base;
      const factor = (name: string): Value => {
        const whole = factorName(module, name);
        const value = parameters.get(whole) ?? frozen.get(whole);
        if (value === undefined)
          throw new GraphError({ what: 'the adapter has no such factor', tensor: whole });
        return value;
      };
      const drop = (input: Value): Value => dropout?.apply(input, adapter) ?? input;
      return adapter.method.inject(graph, adapter.settings, x, base, factor, drop);
    });
  return { graph, inputs, parameters, parts: { graph, config: spec.config, weight, linear } };
}

/** new accumulator = flag accumulator + the slab's gradients. */
function accumulate(
  graph: Graph,
  slab: Slab,
  flag: Value,
  parameters: ReadonlyMap<string, Value>,
  gradients: ReadonlyMap<Value, Value>,
): void {
  const accumulator = graph.input(slabNames.gradient(slab), 'f32', [slab.size]);
  const parts = slab.entries.map(({ parameter, size }) => {
    const value = parameters.get(parameter.name);
    const gradient = value === undefined ? undefined : gradients.get(value);
    if (gradient === undefined)
      throw new GraphError({ what: 'no gradient reached it', tensor: parameter.name });
    return reshape(graph, gradient, [size]);
  });
  const [first] = parts;
  if (first === undefined) return;
  const whole = parts.length === 1 ? first : concat(graph, parts, 0);
  graph.output(add(graph, mul(graph, accumulator, flag), whole, slabNames.newGradient(slab)));
}

function finish(graph: Graph, spec: GraphSpec): Graph {
  dropAdjoints(graph);
  lowerGraph(graph);
  eliminateDead(graph);
  fuseAddIntoGemm(graph);
  recompute(graph, spec.recompute);
  if (spec.fuseTranspose) fuseTransposeIntoMatMul(graph);
  eliminateDead(graph);
  orderForMemory(graph);
  checkGraph(graph);
  return graph;
}
