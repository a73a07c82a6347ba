import { wilsonLower } from "../../health/failures.ts";
import { type Found, ofPools, rounded } from "../finding.ts";
import { HOT, SAMPLES, Z } from "./hot-session.ts";

const AGENTS = 5;

/** Many users behind one NAT are one session, and all of it on one pod. */
export const addressShared = ofPools(
  "Affinity goes by the client's IP address, and many users share one (NAT)",
  "5 different User-Agents behind one address in 5 min, or one address with surely over a fifth of at least 10 sampled requests",
  ({ name, byAddress, agents, samples, pods }): Found | undefined => {
    if (!byAddress || pods.length < 2) return undefined;
    const { taken, hits, sid } = samples;
    const hot = taken >= SAMPLES && wilsonLower(hits, taken, Z) >= HOT;
    if (agents.count < AGENTS && !hot) return undefined;
    return {
      severity: "warning",
      title: `Many users of ${name} come from one address, and are one session`,
      evidence: {
        pool: name,
        session: agents.count >= AGENTS ? agents.sid : sid,
        agentsBehindOneAddress: agents.count,
        sampled: taken,
        shareOfOneAddress: taken === 0 ? 0 : rounded(hits / taken),
      },
      fix: `Put cookie before client-ip in the affinity of ${name}, so that each browser is a session of its own; behind a proxy of yours, name it in trustedProxies, as else its address is everybody's.`,
    };
  },
);
