import { InputError } from '../../../base/errors';
import { decayOf, effectiveRank, stableRank } from '../../../engine/spectra/measures';
import type { ChangeRelation, Spectrum, SpectraSet } from '../../../protocol/panels/spectra';
import type { WeightSpectrum } from '../../../protocol/inspector';
import { evenRanks, type Ranks } from '../../../plan/ranks';
import type { FollowedSubject } from '../../follower';
import type { Inspector } from '../../process/inspector';
import { readRunRanks } from '../ranks/runRanks';
import { comparedSetsOf, modelName } from './comparison';
import type { SpectraListener, SpectraOutline, SpectraSource } from './source';
import { type ModelLayer, openSubject, type OpenedSubject } from './subject';
import type { WeightSpectra } from '../../process/weightSpectra';

const WEIGHTS = 'weights';

/** The spectra of the weights of a model: that of an experiment, of a run, or one that is looked at by itself. */
export class WeightsSource implements SpectraSource {
  readonly #opened = new WeakMap<SpectraOutline, OpenedSubject>();

  constructor(
    private readonly inspector: Pick<Inspector, 'calls'>,
    private readonly spectra: WeightSpectra,
  ) {}

  async outline(subject: FollowedSubject): Promise<SpectraOutline> {
    const opened = await openSubject(subject, this.inspector);
    const { name, model, layers, adapter } = opened;
    const ranks = await ranksOf(subject, opened);
    const outline: SpectraOutline = {
      key: model,
      name,
      model: modelName(model),
      modules: layers.map(({ path: module, kind, layer, outputs, inputs }) => {
        const rank = ranks.get(module);
        return {
          path: module,
          kind,
          shape: [outputs, inputs],
          ...(layer === undefined ? {} : { layer }),
          ...(rank === undefined ? {} : { rank }),
        };
      }),
      sets: [{ key: WEIGHTS, name: modelName(model), of: 'weights' }],
      // A run has been: its rank cannot be set any more.
      ...(adapter === undefined || subject.kind === 'run'
        ? {}
        : { adapter: { method: adapter.method, rank: adapter.rank } }),
    };
    this.#opened.set(outline, opened);
    return outline;
  }

  async decompose(outline: SpectraOutline, listener: SpectraListener, signal: AbortSignal): Promise<void> {
    const opened = this.#opened.get(outline);
    if (opened === undefined) return;
    await this.find(opened.model, inOrder(opened), WEIGHTS, listener, signal);
  }

  comparedSets(outline: SpectraOutline, model: string): readonly SpectraSet[] {
    const opened = this.#opened.get(outline);
    if (opened === undefined) return [];
    const { weights, change } = comparedSetsOf(opened.model, model);
    return [weights, change];
  }

  async compare(
    outline: SpectraOutline,
    model: string,
    listener: SpectraListener,
    signal: AbortSignal,
  ): Promise<void> {
    const opened = this.#opened.get(outline);
    if (opened === undefined) return;
    const other = await openSubject({ kind: 'model', path: model }, this.inspector);
    const { weights, change } = comparedSetsOf(opened.model, model);
    const theirs = new Map(other.layers.map((layer) => [layer.path, layer]));
    const both = inOrder(opened).flatMap((layer) => {
      const their = theirs.get(layer.path);
      return their === undefined ? [] : [{ own: layer, their }];
    });
    await this.find(
      model,
      both.map(({ their }) => their),
      weights.key,
      listener,
      signal,
    );
    const alike = both.filter(
      ({ own, their }) => own.inputs === their.inputs && own.outputs === their.outputs,
    );
    for (const [done, { own }] of alike.entries()) {
      signal.throwIfAborted();
      listener.progress({ done, total: alike.length, what: 'differences' });
      const { spectrum, relation } = await this.spectra.difference(opened.model, model, own.path);
      listener.found(described(spectrum, own, change.key, relation));
    }
  }

  private async find(
    model: string,
    layers: readonly ModelLayer[],
    set: string,
    listener: SpectraListener,
    signal: AbortSignal,
  ): Promise<void> {
    const byPath = new Map(layers.map((layer) => [layer.path, layer]));
    await this.spectra.find(
      model,
      layers,
      (spectrum, done, total, quality) => {
        listener.found(described(spectrum, byPath.get(spectrum.module), set));
        if (done > 0)
          listener.progress({ done, total, ...(quality === 'fast' ? { what: 'first approximation' } : {}) });
      },
      signal,
    );
  }
}

/** The rank of each adapted module: of a run those that it got, of an experiment those that it says. */
async function ranksOf({ kind, path: run }: FollowedSubject, opened: OpenedSubject): Promise<Ranks> {
  const { adapter, adapted, layers } = opened;
  if (adapter === undefined) return new Map();
  if (kind !== 'run') return evenRanks(adapter, adapted);
  try {
    return await readRunRanks(run, adapter, layers);
  } catch (thrown) {
    // One that has not begun has none yet.
    if (!(thrown instanceof InputError)) throw thrown;
    return evenRanks(adapter, adapted);
  }
}

/** Adapted layers first: they are what is looked at. */
function inOrder({ layers, adapted }: OpenedSubject): readonly ModelLayer[] {
  const first = new Set(adapted);
  return [...adapted, ...layers.filter((layer) => !first.has(layer))];
}

function described(
  { module, values, frobenius, error_bound, exact }: WeightSpectrum,
  layer: ModelLayer | undefined,
  set: string,
  relation?: ChangeRelation,
): Spectrum {
  const longest = Math.max(layer?.inputs ?? 0, layer?.outputs ?? 0);
  const decay = exact ? decayOf(values, longest)?.exponent : undefined;
  return {
    path: module,
    set,
    values,
    frobenius,
    errorBound: error_bound,
    exact,
    measures: {
      stableRank: stableRank(values, frobenius),
      ...(exact ? { effectiveRank: effectiveRank(values) } : {}),
      ...(decay === undefined ? {} : { decay }),
    },
    ...(relation === undefined ? {} : { relation }),
  };
}
