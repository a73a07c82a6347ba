import type { Chance } from "../../src/model/ports.ts";

/** Chance of one purpose: the same seed and label give the same throws, whatever other dice have thrown. */
export interface Dice extends Chance {
  /** A number in 0..1, 1 excluded. */
  fraction(): number;
  /** An integer in 0..limit−1. */
  below(limit: number): number;
  /** A number in low..high. */
  between(low: number, high: number): number;
  /** True with this probability. */
  odds(probability: number): boolean;
  one<T>(items: readonly T[]): T;
}

/** FNV-1a over UTF-16 code units. u32. */
export function fnv(text: string, start = 0x811c9dc5): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** sfc32 (Chris Doty-Humphrey), seeded by FNV-1a of the label: good enough to throw dice, and nothing else. */
export function dice(seed: number, label: string): Dice {
  let a = seed >>> 0;
  let b = fnv(label);
  let c = Math.floor(seed / 2 ** 32) >>> 0;
  let d = 1;
  const word = () => {
    const t = (a + b + d) >>> 0;
    d = (d + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = ((c << 21) | (c >>> 11)) >>> 0;
    c = (c + t) >>> 0;
    return t;
  };
  for (let i = 0; i < 12; i++) word();
  const fraction = () => word() / 2 ** 32;
  const below = (limit: number) => Math.floor(fraction() * limit);
  return {
    word,
    fraction,
    below,
    bytes: (length) => Uint8Array.from({ length }, () => word() >>> 24),
    between: (low, high) => low + (high - low) * fraction(),
    odds: (probability) => fraction() < probability,
    one: (items) => items[below(items.length)]!,
  };
}
