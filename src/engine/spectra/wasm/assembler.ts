import { GraphError } from '../../../base/errors';

/**
 * A small assembler for WebAssembly: expressions are functions that nest, and give bytes. It knows the instructions
 * that the kernels beside it use, by their names in the specification (WebAssembly Core 2.0, chapters 5.4 and 5.5).
 */

/** Encoded instructions; as an expression they leave one value on the stack, as a statement none. */
export type Code = readonly number[];

export type ValueType = 'i32' | 'f64' | 'v128';

const TYPE_BYTES: Readonly<Record<ValueType, number>> = { i32: 0x7f, f64: 0x7c, v128: 0x7b };

/** A local variable of a function. */
export interface Local {
  readonly get: Code;
  readonly set: (value: Code) => Code;
}

/** Hands out the locals of a function: its parameters first, in the order in which they are passed. */
export class Locals {
  readonly parameters: ValueType[] = [];
  private readonly own: ValueType[] = [];

  parameter(type: ValueType): Local {
    if (this.own.length > 0) throw new GraphError({ what: 'a parameter stands behind a local variable' });
    this.parameters.push(type);
    return local(this.parameters.length - 1);
  }

  add(type: ValueType): Local {
    this.own.push(type);
    return local(this.parameters.length + this.own.length - 1);
  }

  /** The declarations of all that are not parameters. */
  get declarations(): Code {
    return vector(this.own.map((type) => [1, TYPE_BYTES[type]]));
  }
}

function local(index: number): Local {
  const at = unsigned(index);
  return { get: [0x20, ...at], set: (value) => [...value, 0x21, ...at] };
}

const binary =
  (...opcode: number[]) =>
  (a: Code, b: Code): Code => [...a, ...b, ...opcode];
const unary =
  (...opcode: number[]) =>
  (a: Code): Code => [...a, ...opcode];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  and: binary(0x71),
  shl: binary(0x74),
  eqz: unary(0x45),
  eq: binary(0x46),
  ne: binary(0x47),
  lt_u: binary(0x49),
  ge_s: binary(0x4e),
  le_u: binary(0x4d),
} as const;

export const f64 = {
  const: (value: number): Code => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)],
  load: (address: Code, offset = 0): Code => [...address, 0x2b, 3, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    0x39,
    3,
    ...unsigned(offset),
  ],
  add: binary(0xa0),
  sub: binary(0xa1),
  mul: binary(0xa2),
  div: binary(0xa3),
  abs: unary(0x99),
  neg: unary(0x9a),
  sqrt: unary(0x9f),
  max: binary(0xa5),
  copysign: binary(0xa6),
  gt: binary(0x64),
} as const;

const ATOMIC = 0xfe;

/** What threads that share a memory agree by: each reads and writes whole, and in one order for all. */
export const atomic = {
  load: (address: Code): Code => [...address, ATOMIC, 0x10, 2, 0],
  /** Adds, and gives what was there before. */
  add: (address: Code, value: Code): Code => [...address, ...value, ATOMIC, 0x1e, 2, 0],
  /** Sleeps until `notify` of the same address; not at all where something else than `expected` stands there. */
  wait: (address: Code, expected: Code): Code => [
    ...address,
    ...expected,
    ...FOR_EVER,
    ATOMIC,
    0x01,
    2,
    0,
    DROP,
  ],
  /** Wakes all that sleep. */
  notify: (address: Code): Code => [...address, ...i32.const(-1), ATOMIC, 0x00, 2, 0, DROP],
} as const;

const DROP = 0x1a;
/** The i64 of -1, as a time-out. */
const FOR_EVER: Code = [0x42, 0x7f];

const SIMD = 0xfd;

/** Two numbers at a time. Loads and stores need not be aligned. */
export const f64x2 = {
  load: (address: Code, offset = 0): Code => [...address, SIMD, 0x00, 3, ...unsigned(offset)],
  /** Both lanes from one number in memory. */
  loadSplat: (address: Code, offset = 0): Code => [...address, SIMD, 0x0a, 3, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    SIMD,
    0x0b,
    3,
    ...unsigned(offset),
  ],
  splat: unary(SIMD, 0x14),
  lane: (value: Code, lane: 0 | 1): Code => [...value, SIMD, 0x21, lane],
  add: binary(SIMD, 0xf0, 0x01),
  sub: binary(SIMD, 0xf1, 0x01),
  mul: binary(SIMD, 0xf2, 0x01),
} as const;

const VOID = 0x40;
/** A memory with a maximum that several threads may hold. */
const SHARED = 0x03;

/** Repeats the body while the condition is not 0; it is asked first. */
export function whileLoop(condition: Code, body: Code): Code {
  const leave = [0x45, 0x0d, 1];
  return [0x02, VOID, 0x03, VOID, ...condition, ...leave, ...body, 0x0c, 0, 0x0b, 0x0b];
}

export function ifElse(condition: Code, then: Code, otherwise: Code = []): Code {
  return [...condition, 0x04, VOID, ...then, ...(otherwise.length === 0 ? [] : [0x05, ...otherwise]), 0x0b];
}

/** Statements one after the other. */
export function sequence(...statements: readonly Code[]): Code {
  return statements.flat();
}

/** A function of a module: exported under its name. */
export interface WasmFunction {
  readonly name: string;
  readonly locals: Locals;
  /** The type of what `body` leaves on the stack; undefined: nothing. */
  readonly result?: ValueType;
  readonly body: Code;
}

/** Pages of 64 KiB that 32-bit addresses reach. */
export const MOST_PAGES = 65536;

/** A module of functions that work on a memory, shared between threads, which it is given as `host.memory`. */
export function moduleOf(functions: readonly WasmFunction[]): Uint8Array {
  const types = functions.map(({ locals, result }) => [
    0x60,
    ...vector(locals.parameters.map((type) => [TYPE_BYTES[type]])),
    ...vector(result === undefined ? [] : [[TYPE_BYTES[result]]]),
  ]);
  const memory = [...text('host'), ...text('memory'), 0x02, SHARED, ...unsigned(0), ...unsigned(MOST_PAGES)];
  const codes = functions.map(({ locals, body }) => {
    const code = [...locals.declarations, ...body, 0x0b];
    return [...unsigned(code.length), ...code];
  });
  const sections: readonly (readonly [id: number, items: readonly Code[]])[] = [
    [1, types],
    [2, [memory]],
    [3, functions.map((_, index) => unsigned(index))],
    [7, functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)])],
    [10, codes],
  ];
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  return Uint8Array.from([
    ...header,
    ...sections.flatMap(([id, items]) => {
      const content = vector(items);
      return [id, ...unsigned(content.length), ...content];
    }),
  ]);
}

function vector(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function text(ascii: string): Code {
  return [...unsigned(ascii.length), ...Array.from(ascii, (letter) => letter.charCodeAt(0))];
}

/** LEB128: seven bits a byte, the lowest first. */
function unsigned(value: number): Code {
  const low = value & 0x7f;
  const rest = value >>> 7;
  return rest === 0 ? [low] : [low | 0x80, ...unsigned(rest)];
}

/** LEB128 of a number with a sign: the last byte's bit 6 is the sign. */
function signed(value: number): Code {
  const low = value & 0x7f;
  const rest = value >> 7;
  const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
  return done ? [low] : [low | 0x80, ...signed(rest)];
}
