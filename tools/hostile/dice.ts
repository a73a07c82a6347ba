import { fractions } from "../chaos/chance.ts";

/** Chance that repeats with its seed. */
export interface Dice {
  /** A whole number of 0 to `count` − 1. */
  below(count: number): number;
  chance(share: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/** The dice of one case of a seed: cases can be repeated one by one. */
export function dice(seed: number, index: number): Dice {
  const next = fractions(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  const below = (count: number) => Math.floor(next() * count);
  return {
    below,
    chance: (share) => next() < share,
    pick: (from) => from[below(from.length)]!,
  };
}
