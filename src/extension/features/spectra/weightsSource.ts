import * as path from 'node:path';
import { decayOf, effectiveRank, stableRank } from '../../../engine/spectra/measures';
import type { Spectrum } from '../../../protocol/panels/spectra';
import type { WeightSpectrum } from '../../../protocol/inspector';
import { evenRanks } from '../../../plan/ranks';
import type { FollowedSubject } from '../../follower';
import type { Inspector } from '../../process/inspector';
import type { SpectraListener, SpectraOutline, SpectraSource } from './source';
import { openSubject, type OpenedSubject } from './subject';
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
    const { name, model, layers, adapter, adapted } = opened;
    const ranks = adapter === undefined ? new Map<string, number>() : evenRanks(adapter, adapted);
    const outline: SpectraOutline = {
      key: model,
      name,
      model: path.basename(model),
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
      sets: [{ key: WEIGHTS, name: path.basename(model), of: 'weights' }],
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
    const sizes = new Map(
      opened.layers.map(({ path: module, inputs, outputs }) => [module, Math.max(inputs, outputs)]),
    );
    const found = (
      spectrum: WeightSpectrum,
      done: number,
      total: number,
      quality: 'fast' | 'exact',
    ): void => {
      listener.found(described(spectrum, sizes.get(spectrum.module) ?? 0));
      if (done > 0)
        listener.progress({ done, total, ...(quality === 'fast' ? { what: 'first approximation' } : {}) });
    };
    // Adapted layers are what is looked at.
    const adapted = new Set(opened.adapted);
    const order = [...opened.adapted, ...opened.layers.filter((layer) => !adapted.has(layer))];
    await this.spectra.find(opened.model, order, found, signal);
  }
}

function described(
  { module, values, frobenius, error_bound, exact }: WeightSpectrum,
  longest: number,
): Spectrum {
  const decay = exact ? decayOf(values, longest)?.exponent : undefined;
  return {
    path: module,
    set: WEIGHTS,
    values,
    frobenius,
    errorBound: error_bound,
    exact,
    measures: {
      stableRank: stableRank(values, frobenius),
      ...(exact ? { effectiveRank: effectiveRank(values) } : {}),
      ...(decay === undefined ? {} : { decay }),
    },
  };
}
