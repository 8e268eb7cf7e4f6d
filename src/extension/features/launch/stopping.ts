import * as vscode from 'vscode';
import { InputError } from '../../../base/errors';
import { askToStop } from '../../../launch/trainerProcess';
import { decodeRunRecord } from '../../../protocol/run/decode';
import { runPaths } from '../../../runs/folder';
import { isAlive } from '../../../runs/process';
import { readRun } from '../../../runs/store';
import type { Services } from '../../services';
import { isActive, type RunSummary } from '../runs/summary';

/** Within this time (ms) of the first one, a second stop offers to end the trainer at once. */
const SECOND_WITHIN = 30_000;

/** Stops runs: by asking, and where that takes too long, by force. */
export class Stopping {
  readonly #asked = new Map<string, number>();

  constructor(private readonly services: Services) {}

  /** True for a run that this window has asked to stop: its end is no news to the user. */
  wasAsked(folder: string): boolean {
    return this.#asked.has(folder);
  }

  /** The run goes on: what ends it next is another matter. */
  forget(folder: string): void {
    this.#asked.delete(folder);
  }

  async stop(runs: readonly RunSummary[]): Promise<void> {
    for (const run of runs) {
      const asked = this.#asked.get(run.folder);
      if (asked !== undefined && performance.now() - asked < SECOND_WITHIN) await this.offerEnd(run);
      else this.ask(run);
    }
  }

  private ask(run: RunSummary): void {
    askToStop(runPaths(run.folder));
    this.#asked.set(run.folder, performance.now());
    vscode.window.setStatusBarMessage(`$(debug-stop) ‘${run.label}’ stops after its step`, 5000);
  }

  private async offerEnd(run: RunSummary): Promise<void> {
    const chosen = await vscode.window.showWarningMessage(
      `‘${run.label}’ is finishing its step, and saves a checkpoint then.`,
      { modal: true, detail: 'Ended at once, it loses the steps since its last checkpoint.' },
      'End at Once',
    );
    if (chosen === undefined) return;
    await this.services.runs.look(run.folder);
    const now = this.services.runs.get(run.folder);
    if (now !== undefined && isActive(now)) end(run.folder);
    await this.services.runs.look(run.folder);
  }
}

/** Ends the trainer of a run: that very process, and none that has its number by now. */
function end(folder: string): void {
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
