import { isMany } from "../count.ts";
import { type Check, rounded } from "../finding.ts";

const LEAST = 5;
const SHARE = 0.1;

/** Answers that come after 150 ms are too late for the request that waits: its move is provisional, its key goes by its hash. */
export const storeSlow: Check = {
  summary:
    "Store lag: answers come too late for the requests that wait for them, and edges may disagree until they are settled",
  threshold:
    "5 requests of the last minute, and a tenth of those that waited for the store, got no answer within 150 ms",
  look({ store }) {
    const { waited, late } = store;
    if (!isMany(late, waited, LEAST, SHARE)) return [];
    return [
      {
        severity: "warning",
        title: "The binding store answers too late",
        evidence: { waited, late, laterThanMs: 150, share: rounded(late / waited) },
        fix: "Put the store nearer to the edges (a read region of theirs), or give it more room. mooring_store_duration_seconds shows how late it is. Sessions of cookies do not wait for it until they move.",
      },
    ];
  },
};
