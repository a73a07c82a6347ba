import { isMany } from "../count.ts";
import { type Found, ofPools, rounded } from "../finding.ts";

const LEAST = 10;
const SHARE = 0.2;

/** Clients hold tokens that no edge can open: each of them has lost its session. */
export const tokensUnknown = ofPools(
  "Expiring keys: clients come with tokens that no secret opens, as one was replaced and is not MOORING_SECRET_PREVIOUS",
  "10 tokens in 5 min, and a fifth of those that an isolate met for the first time, did not open",
  ({ name, tokens }): Found | undefined => {
    const { all, unknown } = tokens;
    if (!isMany(unknown, all, LEAST, SHARE)) return undefined;
    return {
      severity: "error",
      title: `Tokens of ${name} open with no secret`,
      evidence: { pool: name, tokensMet: all, unknown, share: rounded(unknown / all) },
      fix: "If MOORING_SECRET was replaced, give the edges the one before it as MOORING_SECRET_PREVIOUS until the absolute time of its sessions has passed. If another deployment uses the same cookie name on this host, give one of them another. Else somebody makes tokens up, which gains them nothing.",
    };
  },
);
