// Rewrites a compiled module so that the named exports trap at once: how the core fails cannot be had otherwise.

const EXPORTS = 7;
const CODE = 10;
/** A body without locals: unreachable, end. */
const TRAP = [3, 0x00, 0x00, 0x0b];

class Reader {
  at = 0;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

function functionsOf(section: Uint8Array, names: ReadonlySet<string>): Set<number> {
  const reader = new Reader(section);
  const found = new Set<number>();
  for (let left = reader.u32(); left > 0; left--) {
    const name = new TextDecoder().decode(reader.take(reader.u32()));
    const kind = reader.take(1)[0]!;
    const index = reader.u32();
    if (kind === 0 && names.has(name)) found.add(index);
  }
  return found;
}

function rewritten(section: Uint8Array, trapping: ReadonlySet<number>): number[] {
  const reader = new Reader(section);
  const count = reader.u32();
  const bodies = leb(count);
  for (let index = 0; index < count; index++) {
    const size = reader.u32();
    const body = reader.take(size);
    bodies.push(...(trapping.has(index) ? TRAP : [...leb(size), ...body]));
  }
  return bodies;
}

/** The module with the functions exported under these names trapping. It imports nothing, so indexes start at 0. */
export function trapping(wasm: Uint8Array, ...names: string[]): Uint8Array<ArrayBuffer> {
  const reader = new Reader(wasm);
  const result = [...reader.take(8)];
  let functions = new Set<number>();
  while (reader.at < wasm.length) {
    const kind = reader.take(1)[0]!;
    let section: ArrayLike<number> & Iterable<number> = reader.take(reader.u32());
    if (kind === EXPORTS) functions = functionsOf(Uint8Array.from(section), new Set(names));
    if (kind === CODE) section = rewritten(Uint8Array.from(section), functions);
    result.push(kind, ...leb(section.length), ...section);
  }
  if (functions.size !== new Set(names).size)
    throw new Error(`not all of ${names} are functions of their own`);
  return Uint8Array.from(result);
}
