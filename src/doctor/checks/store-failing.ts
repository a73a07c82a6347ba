import { isMany } from "../count.ts";
import type { Check } from "../finding.ts";

const LEAST = 5;
const SHARE = 0.05;

/** Traffic goes on without the store; moves are provisional, and keys go by their hash. */
export const storeFailing: Check = {
  summary: "Store trouble: calls fail, or an isolate's breaker is open",
  threshold:
    "an open breaker, a store that does not answer now, or 5 failed calls and 5 % of the last minute",
  look({ store, isolates }) {
    const { calls, failed, answers } = store;
    const open = isolates.filter(({ broken }) => broken).length;
    if (open === 0 && answers !== false && !isMany(failed, calls, LEAST, SHARE)) return [];
    return [
      {
        severity: "error",
        title: "The binding store fails",
        evidence: { calls, failed, isolatesWithOpenBreaker: open, answersNow: answers ?? null },
        fix: "See that Redis and its REST gateway run, that UPSTASH_REDIS_REST_URL and _TOKEN are right (a 401 is a wrong token, 429 its quota), and what the edges' log says. Cookies keep their sessions meanwhile; moves are settled when it is back.",
      },
    ];
  },
};
