import { fmix } from "../src/core/hash.ts";

/**
 * Maglev (Eisenbud et al., 2016) by hand, as fast as plain JavaScript does it: the pods take turns, each claims the next
 * free slot of its own permutation of a prime number of slots. The opponent of build and pick.
 */
export class Maglev {
  readonly #owners: Int32Array;
  readonly #size: number;

  /** @param size a prime */
  constructor(ids: readonly string[], size = 65_537) {
    const owners = new Int32Array(size).fill(-1);
    const next = new Uint32Array(ids.length);
    const step = new Uint32Array(ids.length);
    for (let i = 0; i < ids.length; i++) {
      const hash = hashOf(ids[i]!);
      next[i] = hash % size;
      step[i] = (fmix(hash ^ 0x9747b28c) % (size - 1)) + 1;
    }
    for (let filled = 0; filled < size; ) {
      for (let i = 0; i < ids.length && filled < size; i++, filled++) {
        let slot = next[i]!;
        const by = step[i]!;
        while (owners[slot]! >= 0) {
          slot += by;
          if (slot >= size) slot -= size;
        }
        owners[slot] = i;
        slot += by;
        next[i] = slot >= size ? slot - size : slot;
      }
    }
    this.#owners = owners;
    this.#size = size;
  }

  lookup(key: string): number {
    // Of 31 bits: V8 divides small integers, and makes floating-point numbers of larger ones.
    return this.#owners[(hashOf(key) & 0x7fffffff) % this.#size]!;
  }
}

/** FNV-1a over the characters, finalized: the least work that spreads well. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return fmix(hash >>> 0);
}
