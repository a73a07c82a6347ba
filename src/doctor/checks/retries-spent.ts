import { requestsOf } from "../count.ts";
import { type Found, ofPools } from "../finding.ts";

const LEAST = 5;

/** So much fails that retries would only add to it. */
export const retriesSpent = ofPools(
  "The retry budget is spent: failures reach clients that a retry would have saved",
  "5 retries of the last minute were not allowed",
  (pool): Found | undefined => {
    const { name, events } = pool;
    const denied = events["budget-spent"] ?? 0;
    if (denied < LEAST) return undefined;
    return {
      severity: "warning",
      title: `The retry budget of ${name} is spent`,
      evidence: { pool: name, requests: requestsOf(pool), retried: events.retried ?? 0, denied },
      fix: "Mend what fails: see the other findings. A higher retry.budget would put more load on pods that fail.",
    };
  },
);
