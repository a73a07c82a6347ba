import { type Checkup, LATELY, type PoolCheckup } from "./checkup.ts";
import { sum } from "./count.ts";
import { type Evidence, rounded } from "./finding.ts";
import { takers } from "./uneven.ts";

/** What is worth knowing though nothing is wrong. */
export interface Advice {
  readonly id: "sizing" | "exact-least";
  readonly title: string;
  readonly evidence: Evidence;
  readonly text: string;
}

/** A share of what is heard that is as good as new (src/policies/guarded.ts): below it the exact least is not known. */
const FRESH = 0.78;
/** What a heartbeat and its answer take on their way. Milliseconds. */
const WAY = 30;

const WHY_NOT =
  '"Concurrency / response time" is not the number of connections: clients divided by seconds is clients per second, a rate. ' +
  "Connections are rate × time: requests per second × seconds = requests at once (Little's law).";

/** Sizes from measured rates, of each pool that had requests lately; and where a policy cannot do what it is told to. */
export function advise(checkup: Checkup): Advice[] {
  return checkup.pools.flatMap((pool) => [
    ...(sizing(pool, checkup) ?? []),
    ...(exactLeast(pool, checkup) ?? []),
  ]);
}

/**
 * L = λ·W: requests at once are requests a second times seconds of each (Little, 1961), whatever the distributions. Those that
 * come independently are L ± √L at once (Poisson), so that L + 3·√L is passed once in a thousand times.
 */
function sizing(pool: PoolCheckup, { watched }: Checkup): Advice[] | undefined {
  const { name, timed } = pool;
  if (timed.count === 0) return undefined;
  const rate = timed.count / (Math.max(1000, Math.min(LATELY, watched)) / 1000);
  const seconds = timed.sum / timed.count / 1000;
  const connections = rate * seconds;
  const peak = connections + 3 * Math.sqrt(connections);
  const pods = takers(pool).length;
  const each = pods === 0 ? null : Math.ceil(peak / pods);
  const whole = Math.ceil(peak);
  const told = pods < 2 ? "" : `, ${each} at each of ${pods} pods`;
  return [
    {
      id: "sizing",
      title: `${name} needs ${whole} ${whole === 1 ? "connection" : "connections"} to its pods${told}`,
      evidence: {
        pool: name,
        requestsPerSecond: rounded(rate),
        meanSeconds: Math.round(seconds * 10_000) / 10_000,
        connections: rounded(connections),
        connectionsAtPeak: whole,
        pods,
        perPod: each,
        measuredInFlight: rounded(sum(pool.pods.map(({ inFlight }) => inFlight))),
      },
      text: `${rounded(rate)} requests/s × ${Math.round(seconds * 1000)} ms = ${rounded(connections)} connections in the mean, ${whole} at a peak (+ 3·√). The time ends with a response's headers: add that of long bodies. ${WHY_NOT}`,
    },
  ];
}

/** `choices: all` goes by what other isolates have in flight; where that is old news, two at random are compared instead. */
function exactLeast({ name, policy, m }: PoolCheckup, { isolates, period }: Checkup): Advice[] | undefined {
  if (policy.options.choices !== "all" || isolates.length < 2 || m === 0) return undefined;
  // Half a period old in the mean, and smoothed over another.
  const fresh = Math.exp(-(period + WAY) / (m * 1000));
  if (fresh > FRESH) return undefined;
  return [
    {
      id: "exact-least",
      title: `${name} compares two pods, and not all`,
      evidence: { pool: name, isolates: isolates.length, meanSeconds: m, fresh: rounded(fresh) },
      text: "choices: all is exact with one isolate, or with requests that outlast the news of others' load. Here that news is old when it comes, and all isolates would choose the same pod: two are compared instead, which is what choices: 2 does.",
    },
  ];
}
