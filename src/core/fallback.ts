import { fmix, murmur3, wyhash32 } from "./hash.ts";
import { utf8 } from "./keys.ts";
import type { Seating } from "./seating.ts";

const ladders = new Map<number, Float32Array>();

/** The expected r-th smallest of 2^bits exponentials of mean 1, as the core adds it up. */
function ladder(bits: number): Float32Array {
  const known = ladders.get(bits);
  if (known !== undefined) return known;
  const steps = new Float32Array(2 ** bits);
  let sum = 0;
  for (let r = 0; r < steps.length; r++) {
    sum += 1 / (steps.length - r);
    steps[r] = sum;
  }
  ladders.set(bits, steps);
  return steps;
}

/**
 * The table's race with no table: the best (time, tie, index) for the key's slot, at one pass over the pods a key. It
 * knows no quota, so it differs from the table for the few slots that a full pod had to give away; it is the same at
 * every edge for the same pods and standing. Answers when the core cannot.
 */
export class Fallback {
  readonly #seating: Seating;
  readonly #bits: number;
  readonly #a: Uint32Array;
  readonly #b: Uint32Array;
  readonly #c: Uint32Array;
  readonly #second: Uint32Array;

  constructor(seating: Seating, bits: number) {
    this.#seating = seating;
    this.#bits = bits;
    const first = Uint32Array.from(seating.ids, (id) => murmur3(id, 0));
    this.#second = Uint32Array.from(seating.ids, (id) => murmur3(id, 0x9747b28c));
    this.#a = first.map((hash) => hash & (2 ** bits - 1));
    this.#b = first.map((hash) => fmix(hash + 0x9e3779b9) | 1);
    this.#c = this.#second.map((hash) => fmix(hash + 0x7f4a7c15) | 1);
  }

  /** The position of the key's pod among those that are not out, or -1 when all are. */
  lookup(key: string, out: Uint8Array): number {
    return this.slot(wyhash32(utf8(key)) >>> (32 - this.#bits), out);
  }

  /** The same for a slot; with no `out`, nobody is. */
  slot(slot: number, out?: Uint8Array): number {
    const { order, weights } = this.#seating;
    const steps = ladder(this.#bits);
    const mask = steps.length - 1;
    const half = (this.#bits + 1) >> 1;
    const spread = Math.imul(slot, 0x9e3779b1);
    let found = -1;
    let best = Number.POSITIVE_INFINITY;
    let bestTie = 0;
    for (let i = 0; i < order.length; i++) {
      if (out !== undefined && out[order[i]!] !== 0) continue;
      let x = Math.imul(slot ^ this.#a[i]!, this.#b[i]!) & mask;
      x ^= x >>> half;
      x = Math.imul(x, this.#c[i]!) & mask;
      const time = Math.fround(steps[x]! * Math.fround(1 / weights[i]!));
      if (time > best) continue;
      const tie = (this.#second[i]! ^ spread) >>> 0;
      if (time < best || tie < bestTie) {
        best = time;
        bestTie = tie;
        found = order[i]!;
      }
    }
    return found;
  }
}
