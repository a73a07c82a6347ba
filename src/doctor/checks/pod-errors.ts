import { failedByPods, isMany, isPodError, requestsOf } from "../count.ts";
import { type Found, ofPools, rounded } from "../finding.ts";

const LEAST = 5;
const SHARE = 0.05;

/** The pods themselves answer 5xx; that is passed on. */
export const podErrors = ofPools(
  "Pods answer 5xx themselves, a 502 of theirs included, and it is passed on",
  "5 requests of the last minute and 5 % were answered so",
  (pool): Found | undefined => {
    const { name } = pool;
    const all = requestsOf(pool);
    const bad = failedByPods(pool);
    if (!isMany(bad, all, LEAST, SHARE)) return undefined;
    const codes: Record<string, number> = {};
    for (const { code, count } of pool.requests.filter(isPodError)) codes[code] = (codes[code] ?? 0) + count;
    return {
      severity: "error",
      title: `Pods of ${name} answer with errors of their own`,
      evidence: { pool: name, requests: all, answered5xx: bad, share: rounded(bad / all), codes },
      fix: "The pods' own logs say why: nothing between the edge and them made these answers. Of one pod that fails more than its like, GET /pools/{pool}/pods says ejected.",
    };
  },
);
