import type { RandomStream } from '../../base/random';
import { dropout, ROW_SCALE, type DropoutNoise } from '../adapters/dropout';
import { dimProduct } from '../graph/dims';
import type { Graph } from '../graph/graph';
import type { HostTensor, Value } from '../graph/types';
import { causalInputForms } from '../models/causalInputs';
import type { LinearModule } from '../models/modules';
import type { ModuleAdapter } from './stepGraph';

const ROWS = 'dropout_rows';
const SUPERVISED_ROWS = 'dropout_rows_s';
const columnsName = (module: LinearModule): string => `dropout:${module.path}`;

/** Dropout on the inputs of adapters, by noise that is fed with every micro-batch (see `dropoutFeeds`). */
export class DropoutInputs {
  private noiseOfRows: { readonly all: Value; readonly supervised: Value } | undefined;

  constructor(
    private readonly graph: Graph,
    private readonly chunks: number,
  ) {}

  /** x [rows, inputs] of one module with dropout; rows are all tokens or the supervised positions. */
  apply(x: Value, { module, settings }: ModuleAdapter): Value {
    if (settings.dropout === 0) return x;
    const supervisedRows = dimProduct([this.chunks, 'K']);
    // Both are declared, whichever the adapters read, since both are fed.
    this.noiseOfRows ??= {
      all: this.graph.input(ROWS, 'f32', ['N', 1]),
      supervised: this.graph.input(SUPERVISED_ROWS, 'f32', [supervisedRows, 1]),
    };
    const { all, supervised } = this.noiseOfRows;
    const noise: DropoutNoise = {
      rows: x.shape[0] === supervisedRows ? supervised : all,
      columns: this.graph.input(columnsName(module), 'f32', [1, module.inputs]),
    };
    return dropout(this.graph, x, settings.dropout, noise);
  }
}

/**
 * The noise of one micro-batch for adapters with dropout; nothing where there is none. `random` is a stream of its own
 * for each micro-batch of each step, so that a resumed run drops what an uninterrupted one does.
 */
export function dropoutFeeds(
  adapters: Iterable<ModuleAdapter>,
  batch: Readonly<Record<string, HostTensor>>,
  random: RandomStream,
): Readonly<Record<string, HostTensor>> {
  const feeds: Record<string, HostTensor> = {};
  const dropping = [...adapters].filter(({ settings }) => settings.dropout > 0);
  if (dropping.length === 0) return feeds;
  const forms = causalInputForms({ heads: 1, kvHeads: 1 });
  const rows = (name: string, form: { readonly name: string }): void => {
    const count = batch[form.name]?.shape[0] ?? 0;
    const data = random.uniforms(count, ROW_SCALE / 2, ROW_SCALE);
    feeds[name] = { dtype: 'f32', shape: [count, 1], data };
  };
  rows(ROWS, forms.inputIds);
  rows(SUPERVISED_ROWS, forms.supervised);
  for (const { module } of dropping) {
    const data = random.uniforms(module.inputs, 0.5, 1);
    feeds[columnsName(module)] = { dtype: 'f32', shape: [1, module.inputs], data };
  }
  return feeds;
}
