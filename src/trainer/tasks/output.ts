/** Where a task says what it has to say. */
export interface TaskOutput {
  /** A result, as it is: standard output. */
  readonly print: (text: string) => void;
  /** A line for a person meanwhile: standard error. */
  readonly note: (line: string) => void;
}
