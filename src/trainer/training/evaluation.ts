import type { TokenRow } from '../../data/batch/tokenRow';
import { layoutStep, type StepLayoutOptions } from '../../data/batch/step';
import { evaluationBatches } from '../../data/batch/plan';
import type { DeviceTensor, Runtime, Session } from '../../engine/graph/runtime';
import type { HostTensor } from '../../engine/graph/types';
import { buildLossGraph, LOSS, type GraphSpec } from '../../engine/training/stepGraph';
import { scalar } from '../../engine/training/trainingSessions';

/** Rows to evaluate on. */
export interface EvaluationRows {
  /** Tokens of each row. */
  readonly lengths: ArrayLike<number>;
  row(index: number): TokenRow;
}

/** The mean loss over rows, in nats a supervised token. */
export interface EvaluationResult {
  readonly loss: number;
  readonly tokens: number;
}

/** An evaluation session: the forward pass alone. */
export class Evaluation {
  private constructor(
    private readonly session: Session,
    private readonly layout: StepLayoutOptions,
    private readonly batchSize: number,
  ) {}

  static async create(
    runtime: Runtime,
    spec: GraphSpec,
    weightsFolder: string,
    layout: StepLayoutOptions,
    batchSize: number,
  ): Promise<Evaluation> {
    const session = await runtime.createSession(buildLossGraph({ ...spec, recompute: 'none' }), {
      label: 'evaluation',
      transient: true,
      weightsFolder,
    });
    return new Evaluation(session, layout, batchSize);
  }

  /**
   * Mean loss over all rows with the parameters in `feeds`; undefined when `stop` says so before the end.
   */
  async run(
    rows: EvaluationRows,
    feeds: Readonly<Record<string, DeviceTensor | HostTensor>>,
    onProgress: (fraction: number) => void,
    stop: () => boolean,
  ): Promise<EvaluationResult | undefined> {
    const batches = evaluationBatches(rows.lengths, this.batchSize);
    let sum = 0;
    let tokens = 0;
    for (const [done, batch] of batches.entries()) {
      if (stop()) return undefined;
      onProgress(done / batches.length);
      const step = layoutStep(rows, [batch], this.layout);
      for (const { feeds: batchFeeds } of step.batches) {
        sum += scalar(await this.session.run({ ...batchFeeds, ...feeds }), LOSS) * step.tokens;
      }
      tokens += step.tokens;
    }
    return { loss: sum / tokens, tokens };
  }

  async dispose(): Promise<void> {
    await this.session.dispose();
  }
}
