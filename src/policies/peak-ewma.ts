import * as z from "../model/zod.ts";
import { Ewma } from "./ewma.ts";
import { Pair } from "./pair.ts";
import type { Policy } from "./policy.ts";

/** Each new session to the pod of two drawn ∝ weight that is likely to answer sooner. */
export const peakEwma: Policy<Record<string, never>> = {
  name: "peak-ewma",
  summary:
    "Picks of two pods the one with less latency times requests in flight; a slow answer counts at once.",
  options: z.strictObject({}),
  load: true,
  build(pods) {
    const weights = pods.map((pod) => pod.weight);
    const pair = new Pair(weights);
    const costs = new Ewma(weights);
    return {
      pick({ word, now }, standing) {
        const first = pair.first(word, standing);
        if (first < 0) return -1;
        const second = pair.second(first, word, standing);
        if (second === first) return first;
        const { inflight } = standing;
        return costs.load(second, inflight[second]!, now) < costs.load(first, inflight[first]!, now)
          ? second
          : first;
      },
      state: () => costs.state(),
      restore: (state) => costs.restore(state),
      observe: (index, latency, now) => costs.observe(index, latency, now),
    };
  },
};
