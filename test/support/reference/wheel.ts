import { fmix } from "./hash.ts";

const SPAN = 2n ** 32n;

/** How pods stand, for the references: by index. */
export interface ReferenceStanding {
  readonly out: ArrayLike<number>;
  readonly inflight: ArrayLike<number>;
}

/** The `turn`-th of the words that follow from one. */
export function spread(word: number, turn: number): number {
  return Number(fmix((BigInt(word) + BigInt(turn) * 0x9e3779b9n) % SPAN));
}

/** The whole part of word / 2^32 × limit. */
export function below(word: number, limit: number): number {
  return Number((BigInt(word) * BigInt(limit)) / SPAN);
}

/** The one of `pods` in which the `spot`-th unit of weight lies, counted in their order. */
export function unit(pods: readonly number[], weights: readonly number[], spot: number): number {
  const owners = pods.flatMap((pod) => new Array<number>(weights[pod]!).fill(pod));
  return owners[spot] ?? -1;
}

/**
 * Vose's alias method in whole numbers: `count` columns, each as high as all weights together, and each pod pours
 * weight × count into them.
 */
export class ReferenceWheel {
  readonly #weights: readonly number[];
  readonly #total: number;
  /** Of each column: how much of it is its own, and whose the rest is. */
  readonly #own: number[];
  readonly #other: number[];

  constructor(weights: readonly number[]) {
    this.#weights = weights;
    this.#total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#own = weights.map((weight) => weight * weights.length);
    this.#other = weights.map(() => 0);
    const low = weights.map((_, i) => i).filter((i) => this.#own[i]! < this.#total);
    const high = weights.map((_, i) => i).filter((i) => this.#own[i]! >= this.#total);
    while (low.length > 0 && high.length > 0) {
      const taker = low.pop()!;
      const giver = high.at(-1)!;
      this.#other[taker] = giver;
      this.#own[giver] = this.#own[giver]! - (this.#total - this.#own[taker]!);
      if (this.#own[giver]! < this.#total) low.push(high.pop()!);
    }
  }

  /** Eight draws among all pods, then one among those that are live. */
  draw(word: number, out: ArrayLike<number>): number {
    const live = this.#weights.map((_, i) => i).filter((i) => out[i] === 0 && this.#weights[i]! > 0);
    if (live.length === 0) return -1;
    for (let turn = 0; turn < 8; turn++) {
      const pod = this.#column(turn === 0 ? word : spread(word, turn));
      if (live.includes(pod)) return pod;
    }
    const total = live.reduce((sum, i) => sum + this.#weights[i]!, 0);
    return unit(live, this.#weights, below(spread(word, 8), total));
  }

  #column(word: number): number {
    const spot = BigInt(word) * BigInt(this.#weights.length);
    const column = Number(spot / SPAN);
    const height = (spot % SPAN) * BigInt(this.#total);
    return height < BigInt(this.#own[column]!) * SPAN ? column : this.#other[column]!;
  }
}
