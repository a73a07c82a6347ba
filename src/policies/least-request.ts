import type { Core } from "../core/core.ts";
import type { Pod } from "../model/pod.ts";
import * as z from "../model/zod.ts";
import { type FleetView, Guarded } from "./guarded.ts";
import { leastByScan } from "./least-scan.ts";
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
    if (fleet === undefined) return choices === "all" ? leastOfAll(pods, core) : leastOfTwo(pods);
    return leastOfFleet(pods, choices === "all", core, fleet);
  },
};

/**
 * By the load of all isolates, as far as its age allows. Alone there is nothing to be told: then the best of all comes from
 * the tree of the core.
 */
function leastOfFleet(pods: readonly Pod[], all: boolean, core: Core, fleet: FleetView): Picker {
  const guarded = new Guarded(
    pods.map((pod) => pod.weight),
    all,
  );
  let alone: Picker | undefined;
  let freed = false;
  return {
    pick(query, standing) {
      const { word, now = fleet.at } = query;
      if (!all || freed || !fleet.alone || standing.slow !== undefined) {
        return guarded.pick(word, standing, fleet, now, standing.slow && shares(standing.slow));
      }
      alone ??= leastOfAll(pods, core);
      return alone.pick(query, standing);
    },
    free: () => {
      freed = true;
      alone?.free?.();
    },
  };
}

/** Thresholds of 2^32 as fractions of 1. */
function shares(slow: Uint32Array): Float64Array {
  return Float64Array.from(slow, (share) => share / 0xffffffff);
}

function leastOfTwo(pods: readonly Pod[]): Picker {
  const weights = pods.map((pod) => pod.weight);
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

/** By the tree of the core; by a scan when the core trapped or its memory is full. */
function leastOfAll(pods: readonly Pod[], core: Core): Picker {
  const weights = pods.map((pod) => pod.weight);
  const least = core.least(weights);
  return {
    pick: ({ word }, standing) => least.pick(word, standing) ?? leastByScan(weights, word, standing),
    free: () => least.free(),
  };
}
