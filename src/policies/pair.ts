import type { Standing } from "./policy.ts";
import { spread, Wheel } from "./wheel.ts";

/** Draws of the second pod before the first goes unchallenged. */
const TRIES = 4;

/** Two pods drawn ∝ weight, of which the better one serves: power of two choices (Mitzenmacher, 2001), weighted. */
export class Pair {
  readonly #wheel: Wheel;

  /** @param weights one a pod, ≥ 0; pods of weight 0 are never drawn */
  constructor(weights: readonly number[]) {
    this.#wheel = new Wheel(weights);
  }

  /** The first, or -1 when all pods are out. */
  first(word: number, standing: Pick<Standing, "out" | "live">): number {
    return this.#wheel.draw(word, standing);
  }

  /** The second: the first once more when there is no other, or none was hit. */
  second(first: number, word: number, standing: Pick<Standing, "out" | "live">): number {
    if (standing.live < 2) return first;
    let second = first;
    for (let turn = 1; second === first && turn <= TRIES; turn++) {
      // The wheel derives further words by adding small turns; these start far from them.
      second = this.#wheel.draw(spread(~word >>> 0, turn), standing);
    }
    return second;
  }
}
