import type { PoolCheckup } from "../checkup.ts";
import { isMany, sum } from "../count.ts";
import { type Found, ofPools, rounded } from "../finding.ts";

const LEAST = 5;
const SHARE = 0.1;
/** Who comes back after this many idle times, and after an hour, is another visit and not a pause. */
const PAUSE = 4;
const HOUR = 3600;

/** Clients pause for longer than their session lives: it ends between two of their requests, or lives by its leeway alone. */
export const idleTooShort = ofPools(
  "Sessions are interrupted often, as the idle time (TTL) is shorter than the gaps between a session's requests",
  "5 clients in 5 min, and a tenth of those that came back after over a quarter of the idle time, came after more than all of it",
  (pool): Found | undefined => {
    const { name, idle, gaps } = pool;
    if (idle === undefined) return undefined;
    const pauses = gaps.filter(({ over, seconds }) => !over || seconds <= Math.max(2 * PAUSE * idle, HOUR));
    const over = sum(pauses.filter((gap) => gap.over).map(({ count }) => count));
    const all = sum(pauses.map(({ count }) => count));
    if (!isMany(over, all, LEAST, SHARE)) return undefined;
    const enough = quantile(pauses, 0.95);
    return {
      severity: "error",
      title: `Sessions of ${name} end between two requests of their clients`,
      evidence: {
        pool: name,
        idleSeconds: idle,
        cameBack: all,
        afterMoreThanIdle: over,
        share: rounded(over / all),
        gapP95Seconds: enough,
        ended: endedOf(pool),
      },
      fix: `Set the idle time (idle of a cookie, timeout of a key) of pool ${name} above the gaps: 95 % of those that were seen are within ${enough} s.`,
    };
  },
);

function endedOf({ breaks }: PoolCheckup): number {
  return sum(breaks.filter(({ cause }) => cause === "expired-idle").map(({ count }) => count));
}

/** The bucket that holds it; seconds. */
function quantile(gaps: PoolCheckup["gaps"], share: number): number {
  const sorted = [...gaps].sort((a, b) => a.seconds - b.seconds);
  let left = share * sum(gaps.map(({ count }) => count));
  for (const { seconds, count } of sorted) {
    left -= count;
    if (left <= 0) return seconds;
  }
  return sorted.at(-1)?.seconds ?? 0;
}
