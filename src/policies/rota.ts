import type { Standing } from "./policy.ts";
import { spread } from "./wheel.ts";

/**
 * Whose turn it is: earliest deadline first. A pod of weight w is due every 1/w, so that any stretch of time 1 serves
 * each pod exactly its weight, evenly spaced. A heap of the live pods by (due, index); it is made again when the standing
 * changes, and every pod keeps its phase.
 */
export class Rota {
  readonly #weights: Float64Array;
  readonly #due: Float64Array;
  readonly #heap: Uint16Array;
  #size = 0;
  #now = 0;
  #version: number | undefined;

  /**
   * @param weights one a pod, ≥ 0; pods of weight 0 have no turn
   * @param word draws the phases: edges that start together must not all begin with the same pod
   */
  constructor(weights: readonly number[], word: number) {
    this.#weights = Float64Array.from(weights);
    this.#due = this.#weights.map((weight, i) => spread(word, i) / 2 ** 32 / weight);
    this.#heap = new Uint16Array(weights.length);
  }

  /** The index of the next pod that is not out, or -1. */
  next(standing: Pick<Standing, "out" | "version">): number {
    if (this.#version !== standing.version) {
      this.#gather(standing.out);
      this.#version = standing.version;
    }
    if (this.#size === 0) return -1;
    const index = this.#heap[0]!;
    this.#now = this.#due[index]!;
    this.#due[index] = this.#now + 1 / this.#weights[index]!;
    this.#sink(0);
    return index;
  }

  /** Whose turn comes when: the moment, then one time a pod. */
  state(): readonly number[] {
    return [this.#now, ...this.#due];
  }

  restore([now = 0, ...due]: readonly number[]): void {
    this.#now = now;
    this.#due.set(due);
    this.#version = undefined;
  }

  #gather(out: Uint8Array): void {
    this.#size = 0;
    for (let i = 0; i < this.#weights.length; i++) {
      const weight = this.#weights[i]!;
      if (weight === 0 || out[i] !== 0) continue;
      // Turns that passed while the pod was out are gone; made up for at once, they would be a burst.
      const missed = Math.ceil((this.#now - this.#due[i]!) * weight);
      if (missed > 0) this.#due[i] = this.#due[i]! + missed / weight;
      this.#heap[this.#size++] = i;
    }
    for (let at = (this.#size >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  #before(a: number, b: number): boolean {
    const difference = this.#due[a]! - this.#due[b]!;
    return difference < 0 || (difference === 0 && a < b);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const moving = heap[from]!;
    let at = from;
    for (let child = 2 * at + 1; child < this.#size; child = 2 * at + 1) {
      if (child + 1 < this.#size && this.#before(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#before(heap[child]!, moving)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moving;
  }
}
