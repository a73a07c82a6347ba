import * as z from "../model/zod.ts";
import type { Policy } from "./policy.ts";
import { spread, Wheel } from "./wheel.ts";

/** Time in which an old latency loses all but 1/e of its say. Seconds. */
const DECAY = 10;
/** In place of an average: there is none. */
const NONE = -1;

/**
 * Latencies as the balancer of ingress-nginx averages them (ewma.lua): new = old·e^(−Δt/10) + rtt·(1 − e^(−Δt/10)), where the
 * old of a pod that is not known is 0 and long ago. All times in seconds.
 */
export class Averages {
  readonly #average: Float64Array;
  /** When it was touched last; a clock that goes back takes this along. */
  readonly #touched: Float64Array;
  #last = 0;

  constructor(pods: number) {
    this.#average = new Float64Array(pods).fill(NONE);
    this.#touched = new Float64Array(pods);
  }

  /** A pod answered after `rtt`. What is no time is not taken. */
  observe(index: number, rtt: number, now: number): void {
    if (!(rtt >= 0) || rtt === Number.POSITIVE_INFINITY || index >= this.#average.length) return;
    this.#average[index] = this.#decayed(index, rtt, now);
    this.#touched[index] = now;
    this.#last = now;
  }

  /** What a pod is compared by, as if it had just answered in no time: one that is not seen falls to 0. */
  score(index: number, now: number = this.#last): number {
    return this.#decayed(index, 0, now);
  }

  #decayed(index: number, rtt: number, now: number): number {
    const kept = Math.exp(-Math.max(0, now - this.#touched[index]!) / DECAY);
    return Math.max(0, this.#average[index]!) * kept + rtt * (1 - kept);
  }

  /** The average and touch of each pod, averages first; undefined averages are -1. */
  state(): readonly number[] {
    return [this.#last, ...this.#average, ...this.#touched];
  }

  restore([last = 0, ...rest]: readonly number[]): void {
    this.#last = last;
    this.#average.set(rest.slice(0, this.#average.length));
    this.#touched.set(rest.slice(this.#average.length));
  }

  /** Those of pods that stay; a new one begins at the mean of these. @param at of each pod its place there, -1 of a new one */
  inherit([last = 0, ...rest]: readonly number[], at: readonly number[], now: number): void {
    this.#last = last;
    const before = rest.length / 2;
    let [sum, known] = [0, 0];
    for (const [i, old] of at.entries()) {
      const average = old < 0 ? NONE : rest[old]!;
      if (average === NONE) continue;
      this.#average[i] = average;
      this.#touched[i] = rest[before + old]!;
      sum += average;
      known++;
    }
    if (known === 0) return;
    for (const [i, old] of at.entries()) {
      if (old >= 0) continue;
      this.#average[i] = sum / known;
      this.#touched[i] = now;
    }
  }
}

/** `load-balance: ewma` of ingress-nginx: of two pods drawn by weight the one whose average latency is less. */
export const ewma: Policy<Record<string, never>> = {
  name: "ewma",
  summary: "Picks of two pods the one that has answered sooner on average, as ingress-nginx does.",
  options: z.strictObject({}),
  load: false,
  build(pods) {
    const wheel = new Wheel(pods.map((pod) => pod.weight));
    const averages = new Averages(pods.length);
    return {
      pick({ word, now }, standing) {
        const first = wheel.draw(word, standing);
        if (standing.live < 2) return first;
        const second = wheel.draw(spread(~word >>> 0, 1), standing, first);
        const at = now === undefined ? undefined : now / 1000;
        return averages.score(second, at) < averages.score(first, at) ? second : first;
      },
      observe: (index, latency, now) => averages.observe(index, latency / 1000, now / 1000),
      state: () => averages.state(),
      restore: (state) => averages.restore(state),
      inherit: (state, at, now) => averages.inherit(state, at, now / 1000),
    };
  },
};
