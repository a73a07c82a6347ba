import { spread } from "./wheel.ts";

/** Turns are counted in parts of 2^32, so that everything is a whole number. */
const TURN = 2n ** 32n;

/** Earliest deadline first, in fractions that are never rounded: pod i is due at due[i] / weight[i]. */
export class ReferenceRota {
  readonly #weights: readonly bigint[];
  readonly #due: bigint[];
  /** The time of the last pick, as a fraction. */
  #now = { part: 0n, whole: 1n };

  constructor(weights: readonly number[], word: number) {
    this.#weights = weights.map(BigInt);
    this.#due = weights.map((_, i) => BigInt(spread(word, i)));
  }

  next(out: ArrayLike<number>): number {
    let first = -1;
    for (let i = 0; i < this.#weights.length; i++) {
      if (out[i] !== 0 || this.#weights[i] === 0n) continue;
      // Turns that passed while it was out: the first of its turns that has not is the next.
      while (this.#due[i]! * this.#now.whole < this.#now.part * this.#weights[i]!)
        this.#due[i] = this.#due[i]! + TURN;
      if (first < 0 || this.#due[i]! * this.#weights[first]! < this.#due[first]! * this.#weights[i]!)
        first = i;
    }
    if (first < 0) return -1;
    this.#now = { part: this.#due[first]!, whole: this.#weights[first]! };
    this.#due[first] = this.#due[first]! + TURN;
    return first;
  }
}
