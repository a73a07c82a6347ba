import * as z from "../model/zod.ts";
import { Guarded } from "./guarded.ts";
import { LeastOfAll } from "./least-of-all.ts";
import { Pair } from "./pair.ts";
import type { Picker, Policy } from "./policy.ts";

/** Options of {@link leastRequest}. */
export interface LeastRequestOptions {
  /** 2: the better of two pods drawn ∝ weight. "all": the best of all, exact. */
  readonly choices: 2 | "all";
  /** Whether a new placement waits for the fleet's load, at most 150 ms, where requests last for seconds; absent: no. */
  readonly fresh?: boolean | undefined;
}

/**
 * Each new session to a pod with few requests in flight for its weight. Of pods that are equal, idle ones above all, the
 * weights decide: sessions outlive the requests that placed them.
 */
export const leastRequest: Policy<LeastRequestOptions> = {
  name: "least-request",
  summary: "Picks the pod with the fewest requests in flight per weight, of two drawn or of all.",
  options: z.strictObject({
    choices: z._default(z.union([z.literal(2), z.literal("all")]), 2),
    fresh: z.optional(z.boolean()),
  }),
  asks: ({ fresh }) => fresh === true,
  load: true,
  warms: true,
  build(pods, { choices }, { core, fleet }) {
    const weights = pods.map(({ weight }) => weight);
    const all = choices === "all" ? new LeastOfAll(weights, core) : undefined;
    const free = () => all?.free();
    if (fleet !== undefined) {
      // By the load of all isolates, as far as its age allows.
      const guarded = new Guarded(weights, all);
      const pick: Picker["pick"] = ({ word, now = fleet.at }, standing) =>
        guarded.pick(word, standing, fleet, now);
      return { pick, free };
    }
    return all === undefined
      ? leastOfTwo(weights)
      : { pick: ({ word }, standing) => all.pick(word, standing), free };
  },
};

function leastOfTwo(weights: readonly number[]): Picker {
  const pair = new Pair(weights);
  return {
    pick({ word }, standing) {
      const first = pair.first(word, standing);
      if (first < 0) return -1;
      const second = pair.second(first, word, standing);
      const { inflight } = standing;
      return inflight[second]! / weights[second]! < inflight[first]! / weights[first]! ? second : first;
    },
  };
}
