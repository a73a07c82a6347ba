import { isMany, sum } from "../count.ts";
import { type Found, ofPools, rounded } from "../finding.ts";

const LEAST = 5;
const SHARE = 0.25;

/** The store answers that another edge has the session elsewhere. */
export const edgesDisagree = ofPools(
  "Session data is inconsistent: edges disagree where sessions are, and adopt what the store says",
  "in 5 min 5 sessions left their pod by store-adopt, or 5 compare-and-sets and a quarter of all were adopted",
  ({ name, swaps, breaks }): Found | undefined => {
    const { all, adopted } = swaps;
    const broken = sum(breaks.filter(({ cause }) => cause === "store-adopt").map(({ count }) => count));
    if (broken < LEAST && !isMany(adopted, all, LEAST, SHARE)) return undefined;
    return {
      severity: broken < LEAST ? "warning" : "error",
      title: `Edges disagree where sessions of ${name} are`,
      evidence: {
        pool: name,
        compareAndSets: all,
        adopted,
        share: all === 0 ? 0 : rounded(adopted / all),
        movedByAdopt: broken,
      },
      fix: "Two edges met the same sessions without the store, or with different views. See whether the store fails or lags, whether all isolates hold this revision, and that all edges name one store. strict: true on the pool refuses (503) rather than let edges disagree.",
    };
  },
);
