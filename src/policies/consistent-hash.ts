import * as z from "../model/zod.ts";
import type { Policy } from "./policy.ts";

/** Options of {@link consistentHash}. */
export interface ConsistentHashOptions {
  /** Whether new sessions pass by a pod that has 1.25 times its share of the requests in flight; absent: no. */
  readonly boundedLoad?: boolean | undefined;
}

/**
 * A session's pod follows from its key: every edge picks the same one, and a pod that is out moves its own keys only. Slow
 * start, and load if bounded, hold new sessions off a pod; sessions that must move know neither.
 */
export const consistentHash: Policy<ConsistentHashOptions> = {
  name: "consistent-hash",
  summary: "Places a session by the hash of its key; a change of pods moves the fewest sessions.",
  options: z.strictObject({ boundedLoad: z.optional(z.boolean()) }),
  load: false,
  warms: true,
  loadWith: ({ boundedLoad }) => boundedLoad === true,
  build(_pods, { boundedLoad = false }, { table }) {
    if (boundedLoad) return { pick: ({ key }, standing) => table().place(key, standing, true) };
    return {
      pick({ key }, standing) {
        const whole = table();
        return standing.slow === undefined ? whole.lookup(key, standing) : whole.place(key, standing, false);
      },
    };
  },
};
