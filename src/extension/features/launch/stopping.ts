import * as vscode from 'vscode';
import { disposable, Owner } from '../../../base/disposable';
import { InputError } from '../../../base/errors';
import { askToStop } from '../../../launch/trainerProcess';
import { runPaths } from '../../../runs/folder';
import { isAlive } from '../../../runs/process';
import { readRun } from '../../../runs/store';
import type { Services } from '../../services';
import { isActive, type RunSummary } from '../../../runs/survey/summary';

/** What ending a trainer by force costs. */
const LOSES = 'Ended at once, it loses the steps since its last checkpoint.';
/** How long (ms) a trainer gets to stop before it is offered to end it: most steps are shorter. */
const PATIENCE = 15_000;

/** Stops runs: by asking, and where that takes too long, by force. */
export class Stopping extends Owner {
  readonly #asked = new Map<string, NodeJS.Timeout>();

  constructor(private readonly services: Services) {
    super();
    this.register(
      disposable(() => {
        for (const timer of this.#asked.values()) clearTimeout(timer);
      }),
    );
  }

  /** True for a run that this window has asked to stop: its end is no news to the user. */
  wasAsked(folder: string): boolean {
    return this.#asked.has(folder);
  }

  /** The run goes on: what ends it next is another matter. */
  forget(folder: string): void {
    clearTimeout(this.#asked.get(folder));
    this.#asked.delete(folder);
  }

  /** Asks runs to stop; of one that was asked before, offers to end it at once. */
  async stop(runs: readonly RunSummary[]): Promise<void> {
    for (const run of runs) {
      const again = this.#asked.has(run.folder);
      // Asked anew in any case: it may have been resumed elsewhere since.
      this.ask(run);
      if (again) await this.offerEnd(run, { modal: true, detail: LOSES });
    }
  }

  private ask(run: RunSummary): void {
    askToStop(runPaths(run.folder));
    clearTimeout(this.#asked.get(run.folder));
    const timer = setTimeout(() => {
      this.remind(run).catch((thrown: unknown) => void this.services.commands.show(thrown));
    }, PATIENCE);
    this.#asked.set(run.folder, timer);
    vscode.window.setStatusBarMessage(`$(debug-stop) ‘${run.label}’ stops after its step`, 5000);
  }

  /** Who waits for a run that does not stop is told what they can do about it. */
  private async remind({ folder }: RunSummary): Promise<void> {
    await this.services.runs.look(folder);
    const run = this.services.runs.get(folder);
    if (run !== undefined && isActive(run)) await this.offerEnd(run, {});
  }

  private async offerEnd(run: RunSummary, how: vscode.MessageOptions): Promise<void> {
    const chosen = await vscode.window.showWarningMessage(
      `‘${run.label}’ has not stopped yet: it finishes its step and saves a checkpoint first.`,
      how,
      'End at Once',
    );
    if (chosen === undefined) return;
    await this.services.runs.look(run.folder);
    const now = this.services.runs.get(run.folder);
    if (now !== undefined && isActive(now)) await end(run.folder);
    await this.services.runs.look(run.folder);
  }
}

/** Ends the trainer of a run: that very process, and none that has its number by now. */
async function end(folder: string): Promise<void> {
  const { decodeRunRecord } = await import('../../../protocol/run/decode');
  const { record, paths } = readRun(folder, decodeRunRecord);
  const { process: trainer, machine } = record;
  if (trainer === undefined || !isAlive(trainer)) {
    throw new InputError({
      what: 'its trainer is not on this machine',
      file: paths.folder,
      ...(machine === undefined ? {} : { got: machine.hostname }),
      remedy: 'It stops by itself after its step.',
    });
  }
  process.kill(trainer.pid, 'SIGKILL');
}
