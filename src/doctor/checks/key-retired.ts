import { sum } from "../count.ts";
import { type Found, ofPools } from "../finding.ts";

/** Tokens still come that a retired secret sealed. */
export const keyRetired = ofPools(
  "Expiring keys: sessions end with a secret that was retired too soon",
  "a session of the last 5 min ended by key-retired",
  ({ name, breaks }): Found | undefined => {
    const ended = sum(breaks.filter(({ cause }) => cause === "key-retired").map(({ count }) => count));
    if (ended === 0) return undefined;
    return {
      severity: "error",
      title: `Sessions of ${name} end with a retired secret`,
      evidence: { pool: name, sessionsEnded: ended },
      fix: "Put the secret back as MOORING_SECRET_PREVIOUS, and retire it once the absolute time of its sessions has passed since it last sealed.",
    };
  },
);
