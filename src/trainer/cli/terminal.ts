/** The terminal of a command: results go to standard output, everything else to standard error. */
export interface Terminal {
  /** A line of the result. */
  readonly print: (line: string) => void;
  /** A line for a person meanwhile. */
  readonly note: (line: string) => void;
  /** Raw text on standard error: the progress bar. */
  readonly draw: (text: string) => void;
  /** Columns of the terminal that a bar may be drawn on; undefined where there is none. */
  readonly columns: () => number | undefined;
}

/** The terminal of this process. When the reader of its output goes away, it ends; a trainer goes on. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  stdout.on('error', () => process.exit());
  stderr.on('error', () => undefined);
  return {
    print: (line) => stdout.write(`${line}\n`),
    note: (line) => stderr.write(`${line}\n`),
    draw: (text) => stderr.write(text),
    // Some pseudo-terminals say 0.
    columns: () => (stderr.isTTY ? stderr.columns || 80 : undefined),
  };
}
