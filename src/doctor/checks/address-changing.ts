import { isMany } from "../count.ts";
import { type Found, ofPools, rounded } from "../finding.ts";

const LEAST = 10;
const SHARE = 0.5;

/** A phone that changes its network begins anew. That it was here before is inferred: it brings cookies of the site. */
export const addressChanging = ofPools(
  "Affinity goes by the client's IP address, and clients change theirs",
  "10 sessions in 5 min, and half of those that began, were of new addresses whose clients brought cookies",
  ({ name, byAddress, arrivals }): Found | undefined => {
    const { all, withCookies } = arrivals;
    if (!byAddress || !isMany(withCookies, all, LEAST, SHARE)) return undefined;
    return {
      severity: "warning",
      title: `Clients of ${name} come back from other addresses, and begin new sessions`,
      evidence: {
        pool: name,
        sessionsBegun: all,
        byClientsWithCookies: withCookies,
        share: rounded(withCookies / all),
      },
      fix: `Put cookie before client-ip in the affinity of ${name}: a cookie goes with the phone from network to network, an IP address does not.`,
    };
  },
);
