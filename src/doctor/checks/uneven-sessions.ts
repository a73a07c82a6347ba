import { type Found, ofPools, rounded } from "../finding.ts";
import { fullest, takers } from "../uneven.ts";

/** More sessions than its weight says: by the policy, or since the other pods are newer. */
export const unevenSessions = ofPools(
  "Load is uneven by policy: a pod has more sessions than its weight says",
  "1.5 times its part and 4 standard deviations above it",
  (pool): Found | undefined => {
    const { name, policy } = pool;
    const pods = takers(pool);
    if (pods.some(({ sessions }) => sessions === null)) return undefined;
    const found = fullest(
      pods,
      ({ sessions }) => sessions!,
      ({ weight }) => weight,
    );
    if (found === undefined) return undefined;
    return {
      severity: "warning",
      title: `Sessions of ${name} are uneven: ${found.pod.id} has more than its part`,
      evidence: {
        pool: name,
        policy: policy.name,
        pod: found.pod.id,
        sessions: found.has,
        part: rounded(found.part),
        ratio: rounded(found.ratio),
        all: found.all,
      },
      fix: `If pods were added since, npx mooring rebalance ${name} moves idle sessions to the emptier ones. If not, the policy ${policy.name} places them so: consistent-hash, least-request, or a larger ring (minimumRingSize) is more even; keys that most clients share are not keys.`,
    };
  },
);
