import { identifyProcessLater, isSameProcess, type ProcessIdentity, processAnswers } from './process';

/** How long (ms) a verified identity is taken for granted while its number answers. */
const TRUSTED = 60_000;

/** What is asked of the system; another in tests. */
export interface ProcessSource {
  readonly identify: (pid: number) => Promise<ProcessIdentity | undefined>;
  readonly answers: (pid: number) => boolean;
  /** True where `identify` costs next to nothing, so that it is asked every time. */
  readonly cheap: boolean;
}

const SYSTEM: ProcessSource = {
  identify: identifyProcessLater,
  answers: processAnswers,
  cheap: process.platform === 'linux',
};

/**
 * Tells again and again which processes are alive. Where telling a process from a later one of its number takes a
 * program of its own (macOS, Windows), that is done once and then seldom; in between the number has to answer.
 */
export class Liveness {
  readonly #verified = new Map<string, number>();

  constructor(
    private readonly source: ProcessSource = SYSTEM,
    private readonly now: () => number = () => performance.now(),
  ) {}

  async isAlive(identity: ProcessIdentity): Promise<boolean> {
    const key = `${identity.pid} ${identity.started ?? ''}`;
    const verified = this.#verified.get(key);
    if (verified !== undefined && this.now() - verified < TRUSTED) {
      if (this.source.answers(identity.pid)) return true;
      this.#verified.delete(key);
      return false;
    }
    const alive = isSameProcess(identity, await this.source.identify(identity.pid));
    if (alive && !this.source.cheap) this.#verified.set(key, this.now());
    else this.#verified.delete(key);
    return alive;
  }
}
