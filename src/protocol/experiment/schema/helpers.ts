import type { Static, TSchema, TSchemaOptions } from 'typebox';
import * as Type from 'typebox';

/** One of a few words. Given as an enum, so that an error can list what is allowed. */
export function oneOf<const Words extends readonly string[]>(words: Words, options: TSchemaOptions) {
  return Type.Unsafe<Words[number]>({ type: 'string', enum: [...words], ...options });
}

/** The same schema, or null. */
export function nullable<S extends TSchema>(schema: S, options: TSchemaOptions) {
  return Type.Unsafe<Static<S> | null>({ anyOf: [schema, { type: 'null' }], ...options });
}

/** One path or a list of paths: always a list once the file has been read. */
export function pathOrList(options: TSchemaOptions) {
  return Type.Unsafe<string | string[]>({
    anyOf: [Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })],
    ...options,
  });
}

/**
 * An object whose keys are all known: an unknown key is an error. A section with `default: {}` may be left out as
 * a whole; its keys then take their own defaults.
 */
export function section<P extends Record<string, TSchema>>(
  properties: P,
  description: string,
  optional = true,
) {
  return Type.Object(properties, {
    additionalProperties: false,
    description,
    ...(optional ? { default: {} } : {}),
  });
}
