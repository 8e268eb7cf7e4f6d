import { InputError } from '../../base/errors';
import { linearModules } from '../../engine/models/modules';
import type { SpectrumQuality, WeightSpectrum } from '../../protocol/inspector';
import { createRuntime } from '../../runtime/onnxRuntime';
import { type ModuleSpectrum, ModuleSpectra } from '../spectra/moduleSpectra';
import type { OpenedModel } from '../training/model';

/** Spectra for an editor, one by one: it asks for those first that somebody looks at, and for no more of them. */
export class Spectra {
  #source: Promise<ModuleSpectra> | undefined;

  async known(model: OpenedModel): Promise<WeightSpectrum[]> {
    const found = await (await this.source()).known(model, linearModules(model.config));
    return found.flatMap((spectrum) => (spectrum === undefined ? [] : [described(spectrum)]));
  }

  async of(model: OpenedModel, path: string, quality: SpectrumQuality): Promise<WeightSpectrum> {
    const modules = linearModules(model.config).filter((module) => module.path === path);
    const source = await this.source();
    for await (const spectrum of source.of(model, modules, quality, new AbortController().signal)) {
      return described(spectrum);
    }
    throw new InputError({ what: 'the model has no such linear layer', file: model.source.path, got: path });
  }

  private source(): Promise<ModuleSpectra> {
    this.#source ??= createRuntime('cpu').then((cpu) => new ModuleSpectra(cpu));
    return this.#source;
  }
}

function described({ module, values, frobenius, errorBound, exact }: ModuleSpectrum): WeightSpectrum {
  return { module: module.path, values, frobenius, error_bound: errorBound, exact };
}
