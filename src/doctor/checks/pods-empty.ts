import { requestsOf } from "../count.ts";
import { type Found, ofPools } from "../finding.ts";

/** Requests come for a pool that has nobody to answer them. */
export const podsEmpty = ofPools(
  "A pool has no pods, or none with any weight, and requests come for it: clients get 503, or 500 where it says so",
  "a request of the last minute",
  (pool): Found | undefined => {
    const { name, pods } = pool;
    const requests = requestsOf(pool);
    if (requests === 0 || pods.some(({ weight }) => weight > 0)) return undefined;
    return {
      severity: "error",
      title: `There is no pod behind ${name}`,
      evidence: { pool: name, requests, pods: pods.length },
      fix: `Give the pool ${name} pods with a weight above 0, or lead its routes elsewhere. Of Kubernetes: the Service's selector fits no pod that is ready, or it has no EndpointSlice in what was applied.`,
    };
  },
);
