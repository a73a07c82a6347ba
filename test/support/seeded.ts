import type { Chance } from "../../src/model/ports.ts";

/** Chance that repeats: the same seed gives the same words. */
export interface Seeded extends Chance {
  /** An integer in 0..limit−1. */
  below(limit: number): number;
  /** A number in 0..1, 1 excluded. */
  fraction(): number;
  /** Text of lower-case letters and digits. */
  text(length: number): string;
  /** The same items in another order. */
  shuffled<T>(items: readonly T[]): T[];
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** mulberry32 (Tommy Ettinger): 32 bits of state, good enough for tests and nothing else. */
export function seeded(seed: number): Seeded {
  let state = seed >>> 0;
  const word = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return (x ^ (x >>> 14)) >>> 0;
  };
  const fraction = () => word() / 2 ** 32;
  const below = (limit: number) => Math.floor(fraction() * limit);
  return {
    word,
    fraction,
    below,
    bytes: (length) => Uint8Array.from({ length }, () => word() >>> 24),
    text: (length) => Array.from({ length }, () => LETTERS[below(LETTERS.length)]).join(""),
    shuffled(items) {
      const rest = [...items];
      return items.map(() => rest.splice(below(rest.length), 1)[0]!);
    },
  };
}
