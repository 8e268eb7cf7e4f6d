/** One row of a data file, as it was read: values are strings in csv, tsv and txt, anything in json and jsonl. */
export interface DataRow {
  readonly values: Readonly<Record<string, unknown>>;
  readonly file: string;
  /** 1-based line on which the row begins. */
  readonly line: number;
}

/** What a reader is told beside the file's name. */
export interface ReadOptions {
  /** Names of the columns of a csv or tsv file without a header line; with it, the first line is a row. */
  readonly columns?: readonly string[] | undefined;
}
