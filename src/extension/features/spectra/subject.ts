import * as path from 'node:path';
import { InputError } from '../../../base/errors';
import type { AdaptedLayer } from '../../../engine/adapters/layer';
import { selectModules } from '../../../engine/adapters/targets';
import { checkGivenRanks } from '../../../plan/ranks';
import {
  decodeExperiment,
  parseExperiment,
  type ParsedExperiment,
  throwAll,
} from '../../../protocol/experiment/parse';
import { resolveExperiment } from '../../../protocol/experiment/resolve';
import type { Experiment, LowRankConfig } from '../../../protocol/experiment/types';
import type { ModelInfo } from '../../../protocol/inspector';
import type { FollowedSubject } from '../../follower';
import type { Inspector } from '../../process/inspector';
import { readWholeRecord } from '../../../runs/survey/runFiles';

/** A linear layer of a model, as far as an editor needs it. */
export interface ModelLayer extends AdaptedLayer {
  /** From 0; undefined outside the model's layers. */
  readonly layer: number | undefined;
}

/** What a panel is about, read: the model, and the experiment where there is one. */
export interface OpenedSubject {
  /** For people. */
  readonly name: string;
  /** The model's path. */
  readonly model: string;
  /** Every linear layer of the model, in its order. */
  readonly layers: readonly ModelLayer[];
  /** Undefined of a model alone, and of full fine-tuning. */
  readonly adapter: LowRankConfig | undefined;
  /** Those that are adapted. */
  readonly adapted: readonly ModelLayer[];
}

/** Reads a subject. Rejects with `InputError` for what the user can mend, in the experiment or in its model. */
export async function openSubject(
  subject: FollowedSubject,
  inspector: Pick<Inspector, 'calls'>,
): Promise<OpenedSubject> {
  if (subject.kind === 'model') {
    const layers = layersOf(await inspector.calls.model(subject.path));
    return {
      name: path.basename(subject.path),
      model: subject.path,
      layers,
      adapter: undefined,
      adapted: layers,
    };
  }
  const { path: file, text } = subject;
  const modelOf = (model: string): Promise<ModelInfo> => inspector.calls.model(model);
  return subject.kind === 'experiment'
    ? openExperiment(parseExperiment(text ?? '', file), file, modelOf)
    : openConfig(await openRun(file), modelOf);
}

/** Reads what an experiment's text is about. Rejects with `InputError` for what is wrong in it. */
export async function openExperiment(
  parsed: ParsedExperiment,
  file: string,
  modelOf: (path: string) => Promise<ModelInfo>,
): Promise<OpenedSubject> {
  throwAll(parsed.errors);
  if (parsed.values === undefined) throw new InputError({ what: 'this is no experiment', file });
  const name = path.basename(file).replace(/\.tune\.ya?ml$/u, '');
  const inItsFolder = (relative: string): string => path.resolve(path.dirname(file), relative);
  return openConfig(resolveExperiment(parsed.values, name, inItsFolder), modelOf);
}

async function openConfig(
  { name, model, adapter }: Experiment,
  modelOf: (path: string) => Promise<ModelInfo>,
): Promise<OpenedSubject> {
  const layers = layersOf(await modelOf(model));
  if (adapter.method === 'full') return { name, model, layers, adapter: undefined, adapted: layers };
  const adapted = selectModules(layers, adapter.target_modules);
  checkGivenRanks(adapter, adapted);
  return { name, model, layers, adapter, adapted };
}

/** The experiment that a run was made from, as it is kept with it. Rejects with `InputError` where that is broken. */
export async function openRun(run: string): Promise<Experiment> {
  const record = await readWholeRecord(run);
  if (record === undefined) throw new InputError({ what: 'the run cannot be read', file: run });
  return decodeExperiment(record.config, run);
}

/** A model's linear layers, layer by layer. */
function layersOf({ modules }: ModelInfo): ModelLayer[] {
  const layers = modules.flatMap(({ name, rows, columns, paths }) =>
    paths.map((module) => {
      const number = /(?:^|\.)layers\.(\d+)\./u.exec(module)?.[1];
      const layer = number === undefined ? undefined : Number(number);
      return { path: module, kind: name, outputs: rows, inputs: columns, layer };
    }),
  );
  // By kind they come; a stable sort keeps the kinds' order within a layer.
  return layers.sort((a, b) => (a.layer ?? Infinity) - (b.layer ?? Infinity));
}
