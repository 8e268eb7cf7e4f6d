/** Asks for one thing at a time: of the questions that come while one is being answered, only the newest is asked. */
export class Latest<Q, A> {
  #waiting: { readonly question: Q } | undefined;
  #busy = false;

  constructor(
    private readonly ask: (question: Q) => Promise<A>,
    /** Told of each answer, with its question. */
    private readonly onAnswer: (answer: A, question: Q) => void,
    private readonly onError: (error: unknown, question: Q) => void,
  ) {}

  /** Whether an answer is on its way. */
  get busy(): boolean {
    return this.#busy;
  }

  want(question: Q): void {
    this.#waiting = { question };
    if (!this.#busy) void this.run();
  }

  private async run(): Promise<void> {
    this.#busy = true;
    while (this.#waiting !== undefined) {
      const { question } = this.#waiting;
      this.#waiting = undefined;
      try {
        const answer = await this.ask(question);
        this.onAnswer(answer, question);
      } catch (thrown) {
        this.onError(thrown, question);
      }
    }
    this.#busy = false;
  }
}
