/**
 * What this folder uses of WebAssembly's interface for JavaScript: the compiler knows it only as a part of a browser's
 * types, which the engine does without.
 */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
    readonly [Symbol.toStringTag]: string;
  }
  class Instance {
    constructor(module: Module, imports?: Readonly<Record<string, Readonly<Record<string, unknown>>>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
  class Memory {
    constructor(size: { readonly initial: number; readonly maximum: number; readonly shared: true });
    /** Covers what there was when it was asked for: after `grow` it must be asked for again. */
    readonly buffer: SharedArrayBuffer;
    /** Adds pages of 64 KiB. */
    grow(pages: number): number;
  }
}
