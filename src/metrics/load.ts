import type { PodUse, PoolLoad } from "../model/beat.ts";

/** How long what a pod has served counts towards its worth. Seconds. */
const LEARN = 10;
/** Requests a second, as quick as the pool's median, that every pod is credited with: few of its own decide nothing. */
const PRIOR = 10;
/** Slower than the median by less than this is noise: without a dead band the worths would chase it. */
const DEAD_BAND = 2;
/** What one step keeps of a worth; the rest follows the pod's slowness. */
const KEEP = 0.7;
/** The least that a pod is worth: it must get requests to show that it has recovered. */
const LEAST_WORTH = 0.02;
/** Worths are set at most this often. Milliseconds. */
const STEP = 1000;
/** A failed answer counts at least this many medians, so that a pod which fails fast does not look quick. */
const FAILED = 10;
/** A report of utilisation is good for this long. Milliseconds. */
const REPORTED = 10_000;
/** A pool whose middle pod is less utilised than this is judged as if it were this much. */
const UTILISED = 0.25;
/** What is heard of one pod in one heartbeat at most: an edge that lies must not poison the sums. Pod-seconds, answers. */
const MOST = 1e7;

/** One pod's sums. */
interface Sums {
  readonly tag: string;
  /** Requests in flight, smoothed over τ. */
  inflight: number;
  /** Pod-seconds and answers a second, each smoothed over LEARN. */
  area: number;
  done: number;
  /** The moment that the three are of. Milliseconds since the epoch. */
  at: number;
  worth: number;
  utilisation: number;
  reportedAt: number;
}

interface PoolSums {
  readonly name: string;
  readonly pods: Map<string, Sums>;
  m: number;
  settledAt: number;
}

/** τ of the in-flight sums: the heartbeat's period, at least 1 s. Both in milliseconds. */
export function smoothing(period: number): number {
  return Math.max(period, 1000);
}

/**
 * The time between two heartbeats of an isolate, before its jitter: at rest `shortest`, and with many isolates so long
 * that one object hears 200 in a second, but at most 5 s. Milliseconds.
 */
export function beatPeriod(shortest: number, isolates: number): number {
  return Math.min(5000, Math.max(shortest, isolates * 5));
}

/**
 * The fleet's load, as the coordinator adds it up: O(pods) numbers and nothing for each isolate, as sums are linear. An
 * isolate that is gone fades out by itself. With Δ since a pod's last heartbeat:
 *
 *     inflight = inflight·e^(−Δ/τ) + area/τ        so that its mean over time is the true one
 *     A, C     = the same over 10 s, of pod-seconds and of answers
 *     s        = (A + 10·m) / (C + 10)             m = median of A/C: by Little's law seconds for each request
 *     r        = s/m, or 1 below 2
 *     worth    = max(0.02, worth^0.7 · r^−0.3)     once a second; at rest 1/r
 *
 * A pod that reports its own utilisation is as slow as that is above the pool's median, when that is worse.
 */
export class FleetLoad {
  readonly #pools = new Map<string, PoolSums>();
  readonly #of = new Map<string, PoolSums>();

  /** Keeps to these pods, and forgets all others. @param pools tags of their pods, by name */
  follow(pools: ReadonlyMap<string, readonly string[]>): void {
    for (const name of this.#pools.keys()) if (!pools.has(name)) this.#pools.delete(name);
    this.#of.clear();
    for (const [name, tags] of pools) {
      const pool = this.#pools.get(name) ?? { name, pods: new Map(), m: 0, settledAt: 0 };
      const kept = new Map(tags.map((tag) => [tag, pool.pods.get(tag) ?? sums(tag)]));
      pool.pods.clear();
      for (const [tag, pod] of kept) {
        pool.pods.set(tag, pod);
        this.#of.set(tag, pool);
      }
      this.#pools.set(name, pool);
    }
  }

  /**
   * Adds a heartbeat's; pods that are not known are passed over.
   *
   * @param tau as of {@link smoothing}
   * @returns the names of the pools that it used
   */
  take(load: Readonly<Record<string, PodUse>>, now: number, tau: number): Set<string> {
    const used = new Set<string>();
    for (const [tag, use] of Object.entries(load)) {
      const pool = this.#of.get(tag);
      if (pool === undefined) continue;
      const pod = pool.pods.get(tag)!;
      fade(pod, now, tau);
      const [area, done, fail] = [amount(use.area), amount(use.done), amount(use.fail)];
      pod.inflight += (area * 1000) / tau;
      const answers = Math.max(done, fail);
      pod.area += (area + (fail > 0 ? fail * Math.max(0, FAILED * pool.m - area / answers) : 0)) / LEARN;
      pod.done += answers / LEARN;
      if (use.orca !== undefined) report(pod, use.orca, now);
      used.add(pool.name);
    }
    return used;
  }

  /** Requests in flight at a pod, smoothed over τ; 0 for one that is not known. */
  inflight(tag: string, now: number, tau: number): number {
    const pod = this.#of.get(tag)?.pods.get(tag);
    return pod === undefined ? 0 : rounded(pod.inflight * Math.exp(Math.min(0, pod.at - now) / tau));
  }

  /** Seconds that a request is in flight at the pod in the middle, as isolates heard last; 0: not known. */
  middle(name: string): number {
    return this.#pools.get(name)?.m ?? 0;
  }

  /** What isolates hear of these pools; those that are not known are left out. */
  down(names: Iterable<string>, now: number, tau: number): Record<string, PoolLoad> {
    const down: Record<string, PoolLoad> = {};
    for (const name of names) {
      const pool = this.#pools.get(name);
      if (pool === undefined) continue;
      if (now - pool.settledAt >= STEP) settle(pool, now);
      const pods: Record<string, readonly [number, number]> = {};
      for (const pod of pool.pods.values()) {
        const inflight = pod.inflight * Math.exp((pod.at - now) / tau);
        if (inflight >= 0.001 || pod.worth < 1) pods[pod.tag] = [rounded(inflight), rounded(pod.worth)];
      }
      down[name] = { m: rounded(pool.m), pods };
    }
    return down;
  }
}

function sums(tag: string): Sums {
  return { tag, inflight: 0, area: 0, done: 0, at: 0, worth: 1, utilisation: 0, reportedAt: 0 };
}

/** Brings a pod's sums to `now`. A heartbeat of the past, by a clock that was set back, fades nothing. */
function fade(pod: Sums, now: number, tau: number): void {
  const delta = Math.max(0, now - pod.at);
  pod.at = now;
  pod.inflight *= Math.exp(-delta / tau);
  const kept = Math.exp(-delta / (1000 * LEARN));
  pod.area *= kept;
  pod.done *= kept;
}

function report(pod: Sums, [utilisation, age]: readonly [number, number], now: number): void {
  const at = now - Math.max(0, age);
  // Isolates tell in any order: the newest reading counts.
  if (!(utilisation >= 0 && utilisation <= 100) || !(at >= pod.reportedAt)) return;
  pod.utilisation = utilisation;
  pod.reportedAt = at;
}

/** Sets m and the worths, from sums as of their last heartbeats: A and C of a pod fade alike, so that A/C stays. */
function settle(pool: PoolSums, now: number): void {
  pool.settledAt = now;
  const pods = [...pool.pods.values()];
  pool.m = typical(pods);
  const reporting = pods.filter(({ reportedAt }) => now - reportedAt <= REPORTED);
  const usual =
    reporting.length * 2 > pods.length
      ? Math.max(UTILISED, median(reporting.map(({ utilisation }) => utilisation)))
      : Number.POSITIVE_INFINITY;
  for (const pod of pods) {
    const kept = Math.exp((pod.at - now) / (1000 * LEARN));
    const slowness = pool.m > 0 ? (pod.area * kept + PRIOR * pool.m) / (pod.done * kept + PRIOR) / pool.m : 1;
    const utilised = now - pod.reportedAt <= REPORTED ? pod.utilisation / usual : 0;
    const r = Math.max(slowness, utilised);
    pod.worth = Math.max(LEAST_WORTH, pod.worth ** KEEP * (r < DEAD_BAND ? 1 : r) ** (KEEP - 1));
  }
}

/** The median of A/C. When the pod in the middle has answered nothing yet, that of the pool as a whole. Seconds. */
function typical(pods: readonly Sums[]): number {
  const used = pods.filter(({ area, done }) => area > 0 || done > 0);
  if (used.length === 0) return 0;
  const middle = median(used.map(({ area, done }) => (done > 0 ? area / done : Number.POSITIVE_INFINITY)));
  if (middle < Number.POSITIVE_INFINITY) return middle;
  const total = (of: (pod: Sums) => number) => used.reduce((sum, pod) => sum + of(pod), 0);
  return (
    total(({ area }) => area) /
    Math.max(
      1 / LEARN,
      total(({ done }) => done),
    )
  );
}

/** The upper one of two in the middle. */
function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

function amount(value: number | undefined): number {
  return value !== undefined && value > 0 ? Math.min(value, MOST) : 0;
}

/** Four decimals are enough, and half the bytes. */
function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
