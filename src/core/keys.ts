import type { Abi } from "./abi.ts";

/** Beyond this many characters the platform's encoder beats a loop over the characters, its call included. */
const LONG = 40;

const encoder = new TextEncoder();

/** The key buffer: copies text into the memory of the core, as UTF-8. */
export class Keys {
  readonly #memory: WebAssembly.Memory;
  readonly #at: number;
  readonly #size: number;
  #words: Uint32Array;
  #bytes: Uint8Array;

  constructor(abi: Abi) {
    this.#memory = abi.memory;
    this.#at = abi.KEY.value as number;
    this.#size = abi.KEY_BYTES.value as number;
    this.#words = new Uint32Array(abi.memory.buffer, this.#at, this.#size >>> 2);
    this.#bytes = new Uint8Array(abi.memory.buffer, this.#at, this.#size);
  }

  /** Copies a text in. The answer is its length in bytes, or -1 when it does not fit. */
  write(text: string): number {
    // A memory that grew has detached its views, and a detached view has no length.
    if (this.#words.length === 0) this.#map();
    const length = text.length;
    if (length > LONG) return this.#encode(text);
    const words = this.#words;
    let seen = 0;
    let at = 0;
    for (; at + 4 <= length; at += 4) {
      const a = text.charCodeAt(at);
      const b = text.charCodeAt(at + 1);
      const c = text.charCodeAt(at + 2);
      const d = text.charCodeAt(at + 3);
      seen |= a | b | c | d;
      words[at >> 2] = a | (b << 8) | (c << 16) | (d << 24);
    }
    let rest = 0;
    for (let i = at; i < length; i++) {
      const code = text.charCodeAt(i);
      seen |= code;
      rest |= code << ((i - at) << 3);
    }
    words[at >> 2] = rest;
    return seen < 128 ? length : this.#encode(text);
  }

  /** Copies a text or bytes in. The answer is their length in bytes, or -1 when they do not fit. */
  copy(key: string | Uint8Array): number {
    if (typeof key === "string") return this.write(key);
    if (key.length > this.#size) return -1;
    this.writeBytes(key);
    return key.length;
  }

  /** Copies bytes in; they must fit. */
  writeBytes(bytes: Uint8Array): void {
    if (this.#words.length === 0) this.#map();
    this.#bytes.set(bytes);
  }

  get size(): number {
    return this.#size;
  }

  #encode(text: string): number {
    const { read, written } = encoder.encodeInto(text, this.#bytes);
    return read === text.length ? written : -1;
  }

  #map(): void {
    this.#words = new Uint32Array(this.#memory.buffer, this.#at, this.#size >>> 2);
    this.#bytes = new Uint8Array(this.#memory.buffer, this.#at, this.#size);
  }
}

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}
