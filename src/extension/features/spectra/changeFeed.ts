import type { Spectrum, Timeline } from '../../../protocol/panels/spectra';
import { decodeChange } from '../../../protocol/run/changes';
import { runPaths } from '../../../runs/folder';
import { Breath } from '../../../runs/breath';
import { decimate, type Points } from '../curves/decimate';
import { MetricsTail } from '../curves/metricsTail';
import type { MetricTable } from '../curves/metricTable';
import { RunFeed } from '../curves/runFeed';
import { rangesOf, reachOf, related, spectrumOfChange, TRAINING } from './changeSpectra';
import type { ChangeCalls, TrainingFeed } from './source';

interface Change {
  readonly step: number;
  spectra: readonly Spectrum[];
}

/** The changes and the losses of one run, followed in its folder. */
export class ChangeFeed implements TrainingFeed {
  readonly #tail: MetricsTail;
  readonly #metrics: RunFeed;
  #changes: Change[] = [];
  /** Of all changes; found anew only where those are others. */
  #scales: Pick<Timeline, 'ranges' | 'reach'> | undefined;

  constructor(
    private readonly folder: string,
    private readonly calls: ChangeCalls,
  ) {
    this.#tail = new MetricsTail(runPaths(folder).changes);
    this.#metrics = new RunFeed(folder);
  }

  get steps(): readonly number[] {
    return this.#changes.map(({ step }) => step);
  }

  async poll(): Promise<boolean> {
    const breath = new Breath();
    let grown = false;
    for await (const event of this.#tail.read()) {
      grown = true;
      if (event.kind === 'restarted') {
        this.#changes = [];
        this.#scales = undefined;
        continue;
      }
      for (const line of event.lines) {
        this.add(line);
        await breath.take();
      }
    }
    do grown = (await this.#metrics.poll()) || grown;
    while (!this.#metrics.complete);
    return grown;
  }

  spectra(step: number): readonly Spectrum[] {
    return this.#changes.find((change) => change.step === step)?.spectra ?? [];
  }

  timeline(): Omit<Timeline, 'run' | 'live'> {
    const { tables } = this.#metrics;
    return {
      set: TRAINING,
      steps: Float64Array.from(this.steps),
      train: lossOf(tables.train),
      eval: lossOf(tables.eval),
      ...(this.#scales ??= this.scales()),
    };
  }

  async relate(found: (spectrum: Spectrum) => void, signal: AbortSignal): Promise<void> {
    const last = this.#changes.at(-1);
    if (last === undefined) return;
    for (const { path: module, relation: known, frobenius } of last.spectra) {
      if (known !== undefined || frobenius === 0) continue;
      if (signal.aborted) return;
      const answer = await this.calls.relation(this.folder, module);
      last.spectra = last.spectra.map((one) => (one.path === module ? related(one, answer) : one));
      this.#scales = undefined;
      const better = last.spectra.find((one) => one.path === module);
      if (better !== undefined) found(better);
    }
  }

  private scales(): Pick<Timeline, 'ranges' | 'reach'> {
    const all = this.#changes.flatMap(({ spectra }) => spectra);
    return { ranges: rangesOf(all), reach: reachOf(all) };
  }

  private add(line: string): void {
    const change = decodeChange(line);
    if (change === undefined) return;
    const { step, modules } = change;
    // A run that was resumed from before this step makes it again.
    this.#changes = this.#changes.filter((before) => before.step < step);
    this.#scales = undefined;
    this.#changes.push({ step, spectra: modules.map(spectrumOfChange) });
  }
}

function lossOf(table: MetricTable): Points {
  const loss = table.metric('loss');
  const xs = table.axes.step.values;
  const [from, to] = [xs[0], xs.at(-1)];
  if (loss === undefined || from === undefined || to === undefined) {
    return { xs: new Float64Array(), ys: new Float64Array() };
  }
  return decimate(xs, loss.column.values, { from, to, logX: false });
}
