import type { Abi } from "./abi.ts";
import { Follower } from "./journal.ts";
import type { LoadView } from "./view.ts";

/** What a tree shares with the rest of its core. */
export interface LeastHost {
  readonly abi: Abi;
  /** Counts a trap; throws whatever is none. */
  trapped(error: unknown): void;
  give(region: number): void;
}

/**
 * The least loaded pod of all, exact, by a tree in the memory of the core: with a journal in the standing a pick costs a
 * few dozen nanoseconds whatever the number of pods; without one every count is copied first.
 */
export class Least {
  readonly #host: LeastHost;
  readonly #weights: readonly number[];
  readonly #set: (index: number, count: number) => void;
  readonly #follower = new Follower();
  /** 0: no region. */
  #region: number;
  #version: number | undefined;

  constructor(host: LeastHost, weights: readonly number[], region: number) {
    this.#host = host;
    this.#weights = weights;
    this.#region = region;
    const { abi } = host;
    this.#set = (index, count) => abi.setCount(this.#region, index, count);
  }

  /**
   * The position of the pod with the fewest requests in flight for its weight among those that are not out; of equals one
   * by weight, drawn with 32 random bits. -1 when all are out, undefined when the core cannot say.
   */
  pick(word: number, standing: LoadView): number | undefined {
    if (standing.live === 0) return -1;
    if (this.#region === 0) return undefined;
    try {
      if (this.#version !== standing.version) this.#learn(standing);
      if (!this.#follower.follow(standing, this.#set)) this.#copy(standing.inflight);
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

  #learn({ out, version }: LoadView): void {
    const { abi } = this.#host;
    this.#version = undefined;
    for (let i = 0; i < this.#weights.length; i++) abi.weigh(this.#region, i, this.#weights[i]!, out[i]!);
    this.#follower.lose();
    this.#version = version;
  }

  #copy(inflight: Uint32Array): void {
    const { abi } = this.#host;
    new Uint32Array(abi.memory.buffer, abi.countsOf(this.#region), this.#weights.length).set(inflight);
    abi.refresh(this.#region);
  }
}
