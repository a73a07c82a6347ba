import { isMany, refusedWith, requestsOf } from "../count.ts";
import { type Found, ofPools, rounded } from "../finding.ts";

const LEAST = 3;
const SHARE = 0.01;

/** No response began in time. */
export const timeOuts = ofPools(
  "Time-outs: pods begin no response in time, and clients get 504",
  "3 requests of the last minute and 1 % were refused with 504",
  (pool): Found | undefined => {
    const { name, timeout, timed } = pool;
    const all = requestsOf(pool);
    const late = refusedWith(pool, 504);
    if (!isMany(late, all, LEAST, SHARE)) return undefined;
    return {
      severity: "error",
      title: `Pods of ${name} do not answer in time`,
      evidence: {
        pool: name,
        requests: all,
        timedOut: late,
        share: rounded(late / all),
        timeoutsHeadersMs: timeout,
        meanMs: timed.count === 0 ? null : Math.round(timed.sum / timed.count),
      },
      fix: `See why the pods are slow: in flight in GET /pools/${name}/pods against the sizing below. If they need longer by nature, raise timeouts.headers (${timeout} ms now) or timeouts.total; retry.on: [timeout] sends GETs elsewhere, and moves their sessions.`,
    };
  },
);
