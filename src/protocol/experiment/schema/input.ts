import { isRecord } from '../../../base/guards';
import { experimentSchema } from './experiment';

/**
 * The schema of files: plain JSON, in which a key with a default is not required. It is what files are checked
 * with, and what an editor reads.
 */
export function inputSchema(): Record<string, unknown> {
  const plain: unknown = JSON.parse(JSON.stringify(experimentSchema));
  const relaxed = relax(plain);
  if (!isRecord(relaxed)) throw new TypeError('the experiment schema is no object');
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...relaxed };
}

function relax(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(relax);
  if (!isRecord(schema)) return schema;
  const result: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    result[keyword] = keyword === 'default' ? value : relax(value);
  }
  const { properties, required } = schema;
  if (Array.isArray(required) && isRecord(properties)) {
    const kept = required.filter((key: unknown) => {
      const property = typeof key === 'string' ? properties[key] : undefined;
      return isRecord(property) && !('default' in property);
    });
    result.required = kept;
  }
  return result;
}

/** The schema of the value at `path`, walking sections only; undefined where no such key is known. */
export function schemaAt(
  schema: Record<string, unknown>,
  path: readonly (string | number)[],
): Record<string, unknown> | undefined {
  let current = schema;
  for (const step of path) {
    const { properties } = current;
    const key = String(step);
    if (!isRecord(properties) || !Object.hasOwn(properties, key)) return undefined;
    const next = properties[key];
    if (!isRecord(next)) return undefined;
    current = next;
  }
  return current;
}

/** The keys of a section's schema, in the order of the contract; none where it isn't a section. */
export function keysOf(schema: Record<string, unknown>): string[] {
  return isRecord(schema.properties) ? Object.keys(schema.properties) : [];
}

/** Every path at which some section has the key `key`. */
export function pathsOfKey(schema: Record<string, unknown>, key: string, prefix: string[] = []): string[][] {
  const found: string[][] = [];
  for (const name of keysOf(schema)) {
    const path = [...prefix, name];
    if (name === key) found.push(path);
    const inner = schemaAt(schema, [name]);
    if (inner !== undefined) found.push(...pathsOfKey(inner, key, path));
  }
  return found;
}
