import type { Abi } from "./abi.ts";
import { type Counts, Follower } from "./journal.ts";

/** What a tree shares with the rest of its core. */
export interface LeastHost {
  readonly abi: Abi;
  /** Counts a trap; throws whatever is none. */
  trapped(error: unknown): void;
  give(region: number): void;
}

/** What the load of a pod is measured by, by index: (its requests in flight + those of others) / its size. */
export interface Measure {
  /** Another number for other answers. */
  readonly version: number;
  /** Of equals one is drawn by this weight. u32; 0: it is out. */
  weight(index: number): number;
  /** Above 0, below 2^32; not below 2^-64. */
  size(index: number): number;
  others(index: number): number;
}

/**
 * The least loaded pod of all, exact, by a tree in the memory of the core: with a journal of the counts a pick costs a
 * few dozen nanoseconds whatever the number of pods; without one every count is copied first, and all is measured anew
 * when the measure has another version.
 *
 * Its load is at most 1 + 2^-22 times the least, and no two of equal measures and counts ever differ: four roundings to
 * 2^-53 in f64, and one to 2^-24 in the f32 that is compared, of each of two loads. No integer is multiplied, so that none
 * can overflow.
 */
export class Least {
  readonly #host: LeastHost;
  readonly #pods: number;
  readonly #set: (index: number, count: number) => void;
  readonly #follower = new Follower();
  /** 0: no region. */
  #region: number;
  #version: number | undefined;

  constructor(host: LeastHost, pods: number, region: number) {
    this.#host = host;
    this.#pods = pods;
    this.#region = region;
    const { abi } = host;
    this.#set = (index, count) => abi.setCount(this.#region, index, count);
  }

  /**
   * The position of the pod with the least load among those that are not out; of equals one by weight, drawn with 32 random
   * bits. -1 when all are out, undefined when the core cannot say.
   */
  pick(word: number, counts: Counts, measure: Measure): number | undefined {
    if (this.#region === 0) return undefined;
    try {
      if (this.#version !== measure.version) this.#learn(measure);
      if (!this.#follower.follow(counts, this.#set)) this.#copy(counts.inflight);
      return this.#host.abi.least(this.#region, word);
    } catch (error) {
      this.#version = undefined;
      this.#host.trapped(error);
      return undefined;
    }
  }

  /** Gives the memory back; from then on it cannot say. */
  free(): void {
    if (this.#region === 0) return;
    this.#host.give(this.#region);
    this.#region = 0;
  }

  #learn(measure: Measure): void {
    const { abi } = this.#host;
    this.#version = undefined;
    for (let i = 0; i < this.#pods; i++) {
      abi.weigh(this.#region, i, measure.weight(i), measure.size(i), measure.others(i));
    }
    this.#follower.lose();
    this.#version = measure.version;
  }

  #copy(inflight: Uint32Array): void {
    const { abi } = this.#host;
    new Uint32Array(abi.memory.buffer, abi.countsOf(this.#region), this.#pods).set(inflight);
    abi.refresh(this.#region);
  }
}
