import { GraphError, RunError } from '../../base/errors';
import { RandomStream } from '../../base/random';
import { dropoutFeeds } from '../../engine/training/dropoutFeeds';
import type { DataPosition, BatchPlan } from '../../data/batch/plan';
import { layoutStep, type StepBatches, type StepLayoutOptions } from '../../data/batch/step';
import type { Runtime } from '../../engine/graph/runtime';
import { phaseAt, fillFreezingMask, type Phase } from '../../engine/training/phases';
import { learningRateAt, type Schedule } from '../../engine/training/schedule';
import type { GraphSpec } from '../../engine/training/stepGraph';
import { TrainingSessions, type TrainingState } from '../../engine/training/trainingSessions';
import type { AdamSettings } from '../../engine/training/updateGraph';
import type { TrainContext, TrainOutcome } from '../context';
import { allValues, splitValues, type TrainingPlan } from './adapters';
import { ChangeRecords } from './changeRecords';
import { writeCheckpoint, type CheckpointState } from './checkpoint';
import { collectGarbage } from '../collectGarbage';
import { Evaluation, type EvaluationRows } from './evaluation';
import { PhaseRecords } from './phaseRecords';

/** Everything a training loop works with; made once, before the first step. */
export interface LoopParts {
  readonly context: TrainContext;
  readonly runtime: Runtime;
  /** The CPU's runtime: the same one where the run trains there. */
  readonly cpu: Runtime;
  readonly spec: Omit<GraphSpec, 'slabs'>;
  readonly weightsFolder: string;
  readonly plan: TrainingPlan;
  readonly schedule: Schedule;
  readonly adam: AdamSettings;
  readonly batches: BatchPlan;
  readonly layout: StepLayoutOptions;
  readonly train: EvaluationRows & {
    /** Says which row of which file a sample is. */
    describe(index: number): string;
  };
  readonly evaluation: EvaluationRows | undefined;
  /** Floating-point operations of a step in a phase. */
  readonly flopsOf: (phase: Phase) => number;
}

/** The optimiser steps of a run: phases, metrics, evaluations, checkpoints, and the stop. */
export class TrainingLoop {
  private sessions: TrainingSessions | undefined;
  private evaluator: Evaluation | undefined;
  private phase: Phase | undefined;
  private step: number;
  private position: DataPosition;
  /** Factors that this phase does not train. */
  private frozen: ReadonlyMap<string, Float32Array>;
  /** What the run starts from, until the sessions have it: it is not kept in memory beside theirs. */
  private starting: TrainingState | undefined;
  private updates: number;
  private lastCheckpoint: number;
  /** The last step that was evaluated. */
  private evaluated: number;
  private readonly phases: PhaseRecords;
  private readonly changes: ChangeRecords;
  private warned = false;

  constructor(
    readonly parts: LoopParts,
    start: CheckpointState,
  ) {
    this.step = start.step;
    this.position = start.position;
    this.frozen = start.values.frozen;
    this.starting = start.values.state;
    this.updates = start.updates;
    this.lastCheckpoint = parts.context.resume === undefined ? -1 : start.step;
    this.evaluated = parts.context.recorded.last_eval?.step ?? -1;
    this.phases = new PhaseRecords(parts.context);
    this.changes = new ChangeRecords(parts.context, parts.plan, parts.cpu);
  }

  /** Whether it starts from the beginning, and not from a checkpoint. */
  get fresh(): boolean {
    return this.step === 0;
  }

  /** The batches of the step that comes next. */
  next(): StepBatches {
    const { batches, train, layout } = this.parts;
    return layoutStep(train, batches.at(this.position).microBatches, layout);
  }

  /** The sessions of the current phase. */
  current(): TrainingSessions {
    if (this.sessions === undefined) throw new GraphError({ what: 'no phase has begun' });
    return this.sessions;
  }

  /** Loads the sessions of the phase that the next step falls into, where they are not loaded yet. */
  async begin(): Promise<void> {
    const phase = phaseAt(this.parts.plan.phases, this.step);
    if (phase === undefined) throw new GraphError({ what: `no phase covers step ${this.step}` });
    if (phase === this.phase) return;
    await this.enterPhase(phase);
    // Not earlier: what the sessions were made from is in use up to here.
    collectGarbage();
  }

  /** Runs to the last step, or until a stop is asked for (a checkpoint is then saved). */
  async run(): Promise<TrainOutcome> {
    const { context, schedule } = this.parts;
    const { every } = context.experiment.checkpoint;
    for (;;) {
      const last = this.step === schedule.steps;
      if (this.evaluationDue() && !(await this.evaluate())) return this.stop();
      if (this.step > 0 && every !== null && (last || this.step % every === 0)) await this.checkpoint();
      if (last) break;
      if (context.stopRequested()) return this.stop();
      await this.begin();
      await this.optimiserStep();
    }
    this.phases.finish();
    context.record({ updates_per_step: this.updates / Math.max(1, this.step) });
    return 'done';
  }

  /** At the start, the end and in between; a resumed run does not repeat what its metrics have. */
  private evaluationDue(): boolean {
    const { context, schedule, evaluation } = this.parts;
    if (evaluation === undefined || this.evaluated >= this.step) return false;
    const { every } = context.experiment.evaluation;
    return this.step === 0 || this.step === schedule.steps || (every !== null && this.step % every === 0);
  }

  /** All values as they are now, trained and frozen. */
  async finalValues(): Promise<ReadonlyMap<string, Float32Array>> {
    return new Map([...this.frozen, ...(await this.current().values())]);
  }

  async dispose(): Promise<void> {
    await this.changes.dispose();
    await this.evaluator?.dispose();
    await this.sessions?.dispose();
    this.evaluator = undefined;
    this.sessions = undefined;
  }

  private async enterPhase(phase: Phase): Promise<void> {
    const { runtime, spec, weightsFolder, adam, context } = this.parts;
    const before = (await this.sessions?.state()) ?? this.starting ?? new Map<string, never>();
    this.starting = undefined;
    await this.dispose();
    // Also at the start: a checkpoint saved at a phase's end has what the phase before trained.
    const { state, frozen } = splitValues(phase, allValues({ state: before, frozen: this.frozen }), before);
    this.frozen = frozen;
    this.phase = phase;
    const setup = { spec, parameters: phase.parameters, adam, maskable: phase.thawed, weightsFolder };
    context.progress({ what: 'loading the step graph' });
    this.sessions = await TrainingSessions.create(runtime, setup, state, frozen);
    this.phases.enter(phase, this.sessions, this.parts.flopsOf(phase));
  }

  private async optimiserStep(): Promise<void> {
    const { context, schedule, batches, plan } = this.parts;
    const sessions = this.current();
    const started = performance.now();
    const step = this.step + 1;
    if (this.phase !== undefined && this.phase.thawed.size > 0) {
      await sessions.setMasks(fillFreezingMask(plan.adapters, plan.freezing, step));
    }
    const data = this.next();
    let loss = 0;
    for (const [index, { feeds }] of data.batches.entries()) {
      const random = new RandomStream(context.experiment.training.seed, `dropout/${index}`, step);
      const noise = dropoutFeeds(plan.adapters.values(), feeds, random);
      loss += await sessions.accumulate({ ...feeds, ...noise }, index === 0);
    }
    this.requireFinite(loss, step, data, 'loss');
    const learningRate = learningRateAt(schedule, step);
    const gradNorm = await sessions.applyUpdate(learningRate, step);
    this.requireFinite(gradNorm, step, data, 'gradient norm');
    if (gradNorm === 0) this.warnOfZero(step);
    const trainable = sessions.trainable();
    this.step = step;
    this.position = batches.at(this.position).next;
    this.updates += trainable;
    const seconds = (performance.now() - started) / 1000;
    const rss = peakResident();
    this.phases.step(seconds, trainable, rss);
    context.emit({
      step,
      split: 'train',
      loss,
      learning_rate: learningRate,
      grad_norm: gradNorm,
      tokens: data.tokens,
      input_tokens: data.inputTokens,
      trainable,
      seconds,
      rss_mb: rss,
    });
  }

  private requireFinite(value: number, step: number, data: StepBatches, what: string): void {
    if (Number.isFinite(value)) return;
    const { train } = this.parts;
    const rows = data.rows.map((row) => train.describe(row));
    throw new RunError({
      what: `the ${what} of step ${step} is ${Number.isNaN(value) ? 'not a number' : 'infinite'}; its rows were ${rows.join(', ')}`,
      remedy: `Lower training.learning_rate, or look at these rows. ${this.lastGood()}`,
    });
  }

  /** Where a norm overflows, all that follows is 0: the loss stays finite, and nothing is learnt any more. */
  private warnOfZero(step: number): void {
    if (this.warned) return;
    this.warned = true;
    this.parts.context.warn(
      `the gradient of step ${step} is exactly 0: nothing is learnt. The numbers have probably overflowed; lower training.learning_rate.`,
    );
  }

  private lastGood(): string {
    const last = this.parts.context.checkpoints.latest();
    return last === undefined
      ? 'No checkpoint was saved before.'
      : `The last good checkpoint is ${last.folder}.`;
  }

  /** false when a stop was asked for in the middle. */
  private async evaluate(): Promise<boolean> {
    const { context, runtime, spec, weightsFolder, layout, evaluation } = this.parts;
    if (evaluation === undefined) return true;
    const sessions = this.current();
    const graphSpec = { ...spec, slabs: sessions.slabs };
    const batchSize = context.experiment.training.batch_size;
    this.evaluator ??= await Evaluation.create(runtime, graphSpec, weightsFolder, layout, batchSize);
    const result = await this.evaluator.run(
      evaluation,
      sessions.modelFeeds(),
      (fraction) => context.progress({ what: 'evaluating', fraction }),
      () => context.stopRequested(),
    );
    if (result === undefined) return false;
    const { loss } = result;
    if (!Number.isFinite(loss)) {
      throw new RunError({
        what: `the evaluation loss after step ${this.step} is ${loss}, not a finite number`,
        remedy:
          this.step === 0
            ? 'The model itself gives it, before any training: look at its weights.'
            : `Lower training.learning_rate. ${this.lastGood()}`,
      });
    }
    const read = sessions.reader();
    await this.changes.record(this.step, async (name) => (await read(name)) ?? this.frozen.get(name));
    context.emit({ step: this.step, split: 'eval', loss, perplexity: Math.exp(loss) });
    this.evaluated = this.step;
    return true;
  }

  private async checkpoint(): Promise<void> {
    if (this.lastCheckpoint === this.step) return;
    const { context, plan } = this.parts;
    const trained = await this.current().state();
    for (const [name, { value }] of trained) {
      if (value.every(Number.isFinite)) continue;
      throw new RunError({
        what: `the update of step ${this.step} left a number that is not finite`,
        tensor: name,
        remedy: `Lower training.learning_rate. ${this.lastGood()}`,
      });
    }
    const state: CheckpointState = {
      step: this.step,
      position: this.position,
      updates: this.updates,
      values: { state: trained, frozen: this.frozen },
    };
    await context.checkpoints.save(this.step, (folder) => writeCheckpoint(folder, plan, state));
    this.lastCheckpoint = this.step;
  }

  private async stop(): Promise<TrainOutcome> {
    await this.checkpoint();
    this.phases.finish();
    this.parts.context.record({ updates_per_step: this.updates / Math.max(1, this.step) });
    return 'stopped';
  }
}

/** Peak resident size of this process so far, in MB (10^6 bytes). */
function peakResident(): number {
  // maxRSS is in kilobytes on every platform, as libuv gives it.
  return Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
}
