import { isRecord } from '../../../src/base/guards';

// Messages go between the test's process and the page as text; typed arrays keep their bytes, as they do in VS Code.

/** A message as text. */
export function encodeMessage(message: unknown): string {
  return JSON.stringify(message, (_key, value: unknown) => {
    if (value instanceof Float64Array) return { $float64: base64(value) };
    return value instanceof Uint8Array ? { $uint8: base64(value) } : value;
  });
}

/** The message that a text holds. */
export function decodeMessage(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => {
    if (!isRecord(value)) return value;
    if (typeof value.$float64 === 'string') return new Float64Array(bytes(value.$float64).buffer);
    return typeof value.$uint8 === 'string' ? bytes(value.$uint8) : value;
  });
}

function base64(array: Float64Array | Uint8Array): string {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64');
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}
