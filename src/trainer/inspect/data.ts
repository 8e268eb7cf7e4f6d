import * as fs from 'node:fs/promises';
import { isRecord } from '../../base/guards';
import { readRows } from '../../data/files/readRows';
import type { DataInfo } from '../../protocol/inspector';

/** Rows that are looked at to know a file's columns. */
const LOOKED_AT = 200;
/** Rows that are sent. */
const SENT = 5;
/** Characters of a value that are sent. */
const LONGEST_VALUE = 300;
/** Files of at most this many bytes are read to the end, so that their rows are counted. */
const SMALL = 16e6;

/** The columns and first rows of a data file. Throws an InputError for what is wrong in what is read of it. */
export async function inspectData(file: string, columns: readonly string[]): Promise<DataInfo> {
  const small = await fs.stat(file).then(
    ({ size }) => size <= SMALL,
    // Who reads the file says what is wrong with it.
    () => false,
  );
  const names = new Set<string>();
  /** Columns by whether all their values so far are chats. */
  const chats = new Map<string, boolean>();
  const rows: Record<string, string>[] = [];
  let count = 0;
  let ended = true;
  for await (const { values } of readRows(file, columns.length === 0 ? {} : { columns })) {
    if (count === LOOKED_AT && !small) {
      ended = false;
      break;
    }
    if (count < LOOKED_AT) {
      for (const [name, value] of Object.entries(values)) {
        names.add(name);
        chats.set(name, (chats.get(name) ?? true) && isChat(value));
      }
    }
    if (count < SENT) rows.push(shownValues(values));
    count++;
  }
  return {
    columns: [...names],
    rows,
    ...(ended ? { count } : {}),
    chat: [...names].filter((name) => chats.get(name) === true),
  };
}

function isChat(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  const messages: readonly unknown[] = value;
  return messages.every((message) => isRecord(message) && typeof message.role === 'string');
}

function shownValues(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, shown(value)]));
}

function shown(value: unknown): string {
  // A value of JSON is never undefined; a column that a row lacks is not in its values.
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
