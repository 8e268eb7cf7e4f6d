import * as Type from 'typebox';

/** Numbers as they travel: copied whole, where JSON would lose what is not finite. */
export const numbers = Type.Refine(
  Type.Unsafe<Float64Array>({}),
  (value) => Object.prototype.toString.call(value) === '[object Float64Array]',
);

/** The content of a file as it travels. */
export const bytes = Type.Refine(
  Type.Unsafe<Uint8Array>({}),
  (value) => Object.prototype.toString.call(value) === '[object Uint8Array]',
);
