/** What comes from another process is unknown until one of these has looked at it. */

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function numberAt(record: Readonly<Record<string, unknown>>, key: string): number {
  const value = record[key];
  if (typeof value !== 'number')
    throw new Error(`'${key}' is no number in ${JSON.stringify(record).slice(0, 200)}`);
  return value;
}

export function stringAt(record: Readonly<Record<string, unknown>>, key: string): string {
  const value = record[key];
  if (typeof value !== 'string')
    throw new Error(`'${key}' is no text in ${JSON.stringify(record).slice(0, 200)}`);
  return value;
}

export function numbersAt(record: Readonly<Record<string, unknown>>, key: string): number[] {
  const value = record[key];
  if (!Array.isArray(value)) throw new Error(`'${key}' is no list`);
  return value.map((entry: unknown) => {
    if (typeof entry !== 'number') throw new Error(`'${key}' holds something that is no number`);
    return entry;
  });
}

/** JSON that must be an object. */
export function parseRecord(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new Error(`not an object: ${text.slice(0, 200)}`);
  return value;
}
