import { requestsOf } from "../count.ts";
import { type Found, ofPools } from "../finding.ts";
import { takers } from "../uneven.ts";

const LEAST = 3;

/** Requests got no place at their pod. */
export const podsFull = ofPools(
  "Pods are at their cap (maxInFlight), and the line before them is full: clients get 503 (busy)",
  "3 requests of the last minute got no place, those that would have begun a session among them",
  (pool): Found | undefined => {
    const { name, events, maxInFlight, pods } = pool;
    const out = events["crowded-out"] ?? 0;
    // Sessions that could not begin, though there are pods that would take them, and that can be connected to.
    const open = maxInFlight !== undefined && takers(pool).length > 0;
    const begun =
      open && pods.every(({ unreachable }) => unreachable === 0) ? (events["create-failed"] ?? 0) : 0;
    if (out + begun < LEAST) return undefined;
    return {
      severity: "error",
      title: `Pods of ${name} are full`,
      evidence: {
        pool: name,
        requests: requestsOf(pool),
        waited: events.queued ?? 0,
        gotNoPlace: out,
        beganNone: begun,
        maxInFlight: maxInFlight ?? null,
      },
      fix: "More pods, or a higher maxInFlight if they can take it: the sizing below says how many are in flight. queue and timeouts.queue say how many wait, and how long.",
    };
  },
);
