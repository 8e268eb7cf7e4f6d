import { GraphError, InputError } from '../../base/errors';
import { type LinearModule, linearModules } from '../../engine/models/modules';
import type { SpectrumQuality, WeightSpectrum } from '../../protocol/inspector';
import { type ModuleSpectrum, ModuleSpectra } from '../spectra/moduleSpectra';
import type { TensorSource } from '../../weights/source';
import type { OpenedModel } from '../training/model';
import type { Cpu } from './cpu';

/** Spectra for an editor, one by one: it asks for those first that somebody looks at, and for no more of them. */
export class Spectra {
  #source: Promise<ModuleSpectra> | undefined;

  constructor(private readonly cpu: Cpu) {}

  async known(model: OpenedModel): Promise<WeightSpectrum[]> {
    const found = await (await this.source()).known(model.source, linearModules(model.config));
    return found.flatMap((spectrum) => (spectrum === undefined ? [] : [described(spectrum)]));
  }

  async of(model: OpenedModel, path: string, quality: SpectrumQuality): Promise<WeightSpectrum> {
    const module = linearModules(model.config).find((one) => one.path === path);
    if (module !== undefined) return described(await this.whole(model.source, module, quality));
    throw new InputError({ what: 'the model has no such linear layer', file: model.source.path, got: path });
  }

  /** The spectrum of one matrix of weights. */
  async whole(
    weights: TensorSource,
    module: LinearModule,
    quality: SpectrumQuality,
  ): Promise<ModuleSpectrum> {
    const source = await this.source();
    for await (const spectrum of source.of(weights, [module], quality, new AbortController().signal)) {
      return spectrum;
    }
    throw new GraphError({ what: `no spectrum was found for ${module.path}` });
  }

  private source(): Promise<ModuleSpectra> {
    this.#source ??= this.cpu.runtime().then((cpu) => new ModuleSpectra(cpu));
    return this.#source;
  }
}

/** A spectrum as an editor is told of it. */
export function described({ module, values, frobenius, errorBound, exact }: ModuleSpectrum): WeightSpectrum {
  return { module: module.path, values, frobenius, error_bound: errorBound, exact };
}
