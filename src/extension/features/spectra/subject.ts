import * as path from 'node:path';
import { InputError } from '../../../base/errors';
import type { AdaptedLayer } from '../../../engine/adapters/layer';
import { selectModules } from '../../../engine/adapters/targets';
import { checkGivenRanks } from '../../../plan/ranks';
import { decodeExperiment, parseExperiment, throwAll } from '../../../protocol/experiment/parse';
import { resolveExperiment } from '../../../protocol/experiment/resolve';
import type { Experiment, LowRankConfig } from '../../../protocol/experiment/types';
import type { ModelInfo } from '../../../protocol/inspector';
import type { FollowedSubject } from '../../follower';
import type { Inspector } from '../../process/inspector';
import { readWholeRecord } from '../runs/runFiles';

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
  const { name, model, adapter } = await experimentOf(subject);
  const layers = layersOf(await inspector.calls.model(model));
  if (adapter.method === 'full') return { name, model, layers, adapter: undefined, adapted: layers };
  const adapted = selectModules(layers, adapter.target_modules);
  checkGivenRanks(adapter, adapted);
  return { name, model, layers, adapter, adapted };
}

async function experimentOf(subject: FollowedSubject): Promise<Experiment> {
  const { kind, path: file, text } = subject;
  if (kind === 'experiment') {
    const parsed = parseExperiment(text ?? '', file);
    throwAll(parsed.errors);
    if (parsed.values === undefined) throw new InputError({ what: 'this is no experiment', file });
    const name = path.basename(file).replace(/\.tune\.ya?ml$/u, '');
    return resolveExperiment(parsed.values, name, (relative) => path.resolve(path.dirname(file), relative));
  }
  const record = await readWholeRecord(file);
  if (record === undefined) throw new InputError({ what: 'the run cannot be read', file });
  return decodeExperiment(record.config, file);
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
