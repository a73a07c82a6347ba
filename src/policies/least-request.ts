import * as z from "zod/mini";
import type { Pod } from "../model/pod.ts";
import type { Picker, Policy, Standing } from "./policy.ts";
import { below, spread, Wheel } from "./wheel.ts";

/** Draws of the second choice before the first goes unchallenged. */
const TRIES = 4;

/** Options of {@link leastRequest}. */
export interface LeastRequestOptions {
  /** 2: the better of two pods drawn ∝ weight. "all": the best of all, exact. */
  readonly choices: 2 | "all";
}

/**
 * Each new session to a pod with few requests in flight for its weight. Of pods that are equal, idle ones above all, the
 * weights decide: sessions outlive the requests that placed them.
 */
export const leastRequest: Policy<LeastRequestOptions> = {
  name: "least-request",
  summary: "Picks the pod with the fewest requests in flight per weight, of two drawn or of all.",
  options: z.strictObject({ choices: z._default(z.union([z.literal(2), z.literal("all")]), 2) }),
  load: true,
  build(pods, { choices }) {
    return choices === "all" ? leastOfAll(pods) : leastOfTwo(pods);
  },
};

/** Power of two choices (Mitzenmacher, 2001), weighted. */
function leastOfTwo(pods: readonly Pod[]): Picker {
  const weights = pods.map((pod) => pod.weight);
  const wheel = new Wheel(weights);
  return {
    pick({ word }, standing) {
      const first = wheel.draw(word, standing);
      if (standing.live < 2) return first;
      let second = first;
      for (let turn = 1; second === first && turn <= TRIES; turn++) {
        // The wheel derives further words by adding small turns; these start far from them.
        second = wheel.draw(spread(~word >>> 0, turn), standing);
      }
      const { inflight } = standing;
      return inflight[second]! / weights[second]! < inflight[first]! / weights[first]! ? second : first;
    },
  };
}

/** A scan of all pods; among the best, one with probability ∝ weight. */
function leastOfAll(pods: readonly Pod[]): Picker {
  const weights = Float64Array.from(pods, (pod) => pod.weight);
  // A correctly rounded quotient is the same for equal fractions, so that equality is exact here.
  const load = (index: number, { out, inflight }: Standing) =>
    out[index] !== 0 || weights[index] === 0 ? Number.POSITIVE_INFINITY : inflight[index]! / weights[index]!;
  return {
    pick({ word }, standing) {
      if (standing.live === 0) return -1;
      let least = Number.POSITIVE_INFINITY;
      let total = 0;
      for (let i = 0; i < weights.length; i++) {
        const own = load(i, standing);
        if (own > least || own === Number.POSITIVE_INFINITY) continue;
        total = (own < least ? 0 : total) + weights[i]!;
        least = own;
      }
      let left = below(word, total);
      for (let i = 0; i < weights.length; i++) {
        if (load(i, standing) !== least) continue;
        left -= weights[i]!;
        if (left < 0) return i;
      }
      return -1;
    },
  };
}
