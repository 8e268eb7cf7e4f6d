import type { inspectorApi } from '../../protocol/inspector';
import type { Calls } from '../../protocol/rpc';
import { cacheFolder } from '../../weights/cache';
import { clearCache, listCaches } from '../../weights/cacheContents';
import { Changes } from './changes';
import { Cpu } from './cpu';
import { inspectData } from './data';
import { Devices } from './devices';
import { Estimates } from './estimate';
import { describeModel } from './model';
import { OpenedModels } from './openedModels';
import { preflight } from './preflight';
import { Previews } from './preview';
import { Spectra } from './spectra';
import { surveyRuns } from './survey';

/** What the inspector answers. It keeps what it has opened, so that the next question about it is quick. */
export function inspectorHandlers(): Calls<typeof inspectorApi> {
  const models = new OpenedModels();
  const devices = new Devices();
  const previews = new Previews(models);
  const cpu = new Cpu();
  const spectra = new Spectra(cpu);
  const changes = new Changes(models, spectra, cpu);
  const estimates = new Estimates({ models, devices });
  return {
    devices: () => devices.describe(),
    model: async (path) => describeModel(await models.open(path)),
    data: inspectData,
    preview: (file, source, from, count) => previews.preview(file, source, from, count),
    spectra: async (path) => spectra.known(await models.open(path)),
    spectrum: async (path, module, quality) => spectra.of(await models.open(path), module, quality),
    relation: (run, module) => changes.relation(run, module),
    difference: (base, tuned, module) => changes.difference(base, tuned, module),
    preflight: (file, overrides) => preflight(file, overrides, { models, devices }),
    estimate: (file, source, device) => estimates.estimate(file, source, device),
    survey: surveyRuns,
    caches: async () => ({ folder: cacheFolder(), caches: [...(await listCaches())] }),
    clearCache: (kind) => clearCache(kind),
  };
}
