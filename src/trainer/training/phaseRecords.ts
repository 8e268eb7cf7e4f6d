import type { Phase } from '../../engine/training/phases';
import type { TrainingSessions } from '../../engine/training/trainingSessions';
import type { RunFacts } from '../../protocol/run/record';
import type { TrainContext } from '../context';

type PhaseFacts = NonNullable<RunFacts['phases']>[number];

/** Keeps the run's record of its phases: what each trains, its step time and resident size. */
export class PhaseRecords {
  private readonly done: PhaseFacts[];
  private readonly seconds: number[] = [];
  private sessions: TrainingSessions | undefined;

  /** A resumed run keeps what is recorded of the phases before. */
  constructor(private readonly context: TrainContext) {
    this.done = context.resume === undefined ? [] : [...(context.recorded.facts?.phases ?? [])];
  }

  /** `flops` are those of a step. */
  enter(phase: Phase, sessions: TrainingSessions, flops: number): void {
    this.seconds.length = 0;
    this.sessions = sessions;
    const trainable = sessions.trainable();
    const before = this.done.filter(({ from_step: from }) => from < phase.fromStep);
    this.done.splice(0, Infinity, ...before, {
      name: phase.name,
      from_step: phase.fromStep,
      trainable,
      flops,
    });
    this.context.record({ phases: [...this.done], trainable });
  }

  /** Which provider took the nodes is known only once the sessions have run. */
  private placed(sessions: TrainingSessions): void {
    const placement = sessions
      .named()
      .flatMap(({ name, session }) =>
        Object.entries(session.placement).map(([provider, nodes]) => ({ session: name, provider, nodes })),
      );
    const fallbacks = sessions.named().flatMap(({ session }) => session.fallbacks);
    if (fallbacks.length > 0) {
      this.context.warn(
        `${fallbacks.length} nodes run on the CPU instead of the device: ${fallbacks.slice(0, 5).join(', ')}`,
      );
    }
    this.context.record({ placement });
  }

  /** After each step: median step time so far, and the resident size now (not the peak, which never falls). */
  step(seconds: number, trainable: number, peakMb: number): void {
    this.seconds.push(seconds);
    if (this.sessions !== undefined && this.seconds.length === 1) this.placed(this.sessions);
    const current = this.done.at(-1);
    if (current === undefined) return;
    const sorted = [...this.seconds].sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? seconds;
    const rss = Math.min(peakMb, Math.round(process.memoryUsage.rss() / 1e6));
    this.done[this.done.length - 1] = { ...current, step_seconds: median, rss_mb: rss };
    // A few times a phase is enough for a record; the curve is in the metrics.
    const count = this.seconds.length;
    if ((count & (count - 1)) === 0) this.context.record({ phases: [...this.done], trainable });
  }

  /** Writes the last numbers. */
  finish(): void {
    this.context.record({ phases: [...this.done] });
  }
}
