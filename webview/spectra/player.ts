/** What a player plays. */
export interface PlayerPort {
  /** The step after the one that is shown; from the last, none. */
  readonly next: () => number | undefined;
  /** The step that playing begins with after the last. */
  readonly first: () => number | undefined;
  /** Shows a step; resolves when it is shown. */
  readonly show: (step: number) => Promise<unknown>;
  /** How long (ms) a step stays. */
  readonly stay: () => number;
  /** It has begun or ended. */
  readonly changed: () => void;
}

/** Plays steps one after another to the last, each after the one before has been shown. */
export class Player {
  #playing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly port: PlayerPort) {}

  get playing(): boolean {
    return this.#playing;
  }

  /** Plays, from the beginning where the last step is shown; or pauses. */
  toggle(): void {
    if (this.#playing) {
      this.pause();
      return;
    }
    const step = this.port.next() ?? this.port.first();
    if (step === undefined) return;
    this.#playing = true;
    this.port.changed();
    void this.play(step);
  }

  pause(): void {
    if (!this.#playing) return;
    clearTimeout(this.#timer);
    this.#playing = false;
    this.port.changed();
  }

  private async play(step: number): Promise<void> {
    try {
      await this.port.show(step);
    } catch {
      // Who shows it says why it could not.
      this.pause();
      return;
    }
    if (!this.#playing) return;
    if (this.port.next() === undefined) {
      this.pause();
      return;
    }
    this.#timer = setTimeout(() => {
      const next = this.port.next();
      if (next === undefined) this.pause();
      else void this.play(next);
    }, this.port.stay());
  }
}
