import { fmix } from "../core/hash.ts";
import type { Standing } from "./policy.ts";

/** Draws that may hit a pod that is out before the live ones are counted out one by one. */
const TRIES = 8;

/** The `turn`-th of the words that follow from one random word. u32. */
export function spread(word: number, turn: number): number {
  return fmix((word + Math.imul(turn, 0x9e3779b9)) >>> 0);
}

/** A number below `limit` from a word: the upper part of their product. Its bias is at most limit / 2^32. */
export function below(word: number, limit: number): number {
  return Math.floor((word / 2 ** 32) * limit);
}

/**
 * Draws pods with probability ∝ weight, at one step whatever their number: Walker's alias method, set up as by Vose
 * (1991). Each pod has a column; the part of it that its own weight does not fill belongs to one other pod.
 */
export class Wheel {
  readonly #weights: Float64Array;
  /** The filled part of each column, 0..1. */
  readonly #part: Float64Array;
  readonly #alias: Uint16Array;

  /** @param weights one a pod, ≥ 0; pods of weight 0 are never drawn */
  constructor(weights: readonly number[]) {
    const count = weights.length;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#weights = Float64Array.from(weights);
    this.#part = this.#weights.map((weight) => (total > 0 ? (weight * count) / total : 0));
    this.#alias = new Uint16Array(count);
    const poor: number[] = [];
    const rich: number[] = [];
    for (let i = 0; i < count; i++) (this.#part[i]! < 1 ? poor : rich).push(i);
    while (poor.length > 0 && rich.length > 0) {
      const taker = poor.pop()!;
      const giver = rich.at(-1)!;
      this.#alias[taker] = giver;
      const rest = this.#part[giver]! - (1 - this.#part[taker]!);
      this.#part[giver] = rest;
      if (rest < 1) poor.push(rich.pop()!);
    }
    // What is left is whole but for rounding, unless it weighs nothing: such a column keeps no part of its own.
    for (const i of poor) if (this.#weights[i]! > 0) this.#part[i] = 1;
  }

  /**
   * The index of a pod that is not out, or -1 when every pod of positive weight is.
   * @param but a pod that is not to be drawn either; another one must be live
   */
  draw(word: number, standing: Pick<Standing, "out" | "live">, but = -1): number {
    if (standing.live === 0) return -1;
    const { out } = standing;
    for (let turn = 0; turn < TRIES; turn++) {
      const index = this.#drawAny(turn === 0 ? word : spread(word, turn));
      if (index !== but && out[index] === 0 && this.#weights[index]! > 0) return index;
    }
    return this.#drawLive(spread(word, TRIES), out, but);
  }

  #drawAny(word: number): number {
    const spot = (word / 2 ** 32) * this.#part.length;
    const column = Math.floor(spot);
    return spot - column < this.#part[column]! ? column : this.#alias[column]!;
  }

  #drawLive(word: number, out: Uint8Array, but: number): number {
    const weights = this.#weights;
    let total = 0;
    for (let i = 0; i < weights.length; i++) if (out[i] === 0 && i !== but) total += weights[i]!;
    let left = below(word, total);
    for (let i = 0; i < weights.length; i++) {
      if (out[i] !== 0 || i === but) continue;
      left -= weights[i]!;
      if (left < 0) return i;
    }
    return -1;
  }
}
