import { type AffinityName, affinities } from "../../src/affinity/index.ts";
import type { AffinitySource } from "../../src/affinity/source.ts";
import type { PodCheckup, PoolCheckup } from "../../src/doctor/checkup.ts";
import type { PodState } from "../../src/health/state.ts";
import { SUM } from "../../src/metrics/timings.ts";
import { type EdgeEvent, EVENTS } from "../../src/model/beat.ts";
import type { Cause } from "../../src/model/binding.ts";
import type { Outcome } from "../../src/model/decision.ts";
import type { AffinityConfig, Pool } from "../../src/model/pool.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";

/** How one pod stands, in short. */
export interface PodGlance {
  readonly id: string;
  /** 12 hex digits. */
  readonly tag: string;
  readonly state: PodState;
  /** Milliseconds since the epoch; null where nothing is known. */
  readonly since: number | null;
  /** What edges go by, and the config's. */
  readonly weight: number;
  readonly configWeight: number;
  readonly inFlight: number;
}

/** What the casebook does not know itself. */
export interface Standing {
  readonly snapshot: Snapshot | undefined;
  readonly revision: number;
  /** Since when that is in force. Milliseconds since the epoch. */
  readonly enforced: number;
  readonly period: number;
  /** The pods of a pool, by index. */
  pods(pool: Pool): readonly PodGlance[];
  /** Seconds that a request is in flight at a pool's pod in the middle; 0: not known. */
  m(pool: string): number;
  readonly breaks: readonly {
    readonly pool: string;
    readonly cause: Cause;
    readonly from: string;
    readonly count: number;
  }[];
  /** Turns of checks since {@link LONGER}, by tag. */
  readonly flips: ReadonlyMap<string, number>;
  readonly sealed: Readonly<Record<string, number>>;
}

/** A sum of what is told apart by these labels. */
export interface Sum {
  readonly labels: readonly string[];
  readonly value: number;
}

/** Sums of one pool, or one pod, by what they are of. */
export type Sums = Readonly<
  Record<
    | "requests"
    | "durations"
    | "answered"
    | "unreachable"
    | "sampled"
    | "gaps"
    | "arrivals"
    | "agents"
    | "swaps"
    | "tokens",
    (of: string) => readonly Sum[]
  >
>;

/** What is counted beside outcomes. */
export function isEvent(outcome: string): outcome is EdgeEvent {
  return (EVENTS as readonly string[]).includes(outcome);
}

export function total(
  sums: readonly Sum[],
  fits: (labels: readonly string[]) => boolean = () => true,
): number {
  return sums.reduce((all, { labels, value }) => (fits(labels) ? all + value : all), 0);
}

/** All that is known of a pool. */
export function poolOf(pool: Pool, standing: Standing, sums: Sums, now: number): PoolCheckup {
  const { name, policy, affinity, readiness, timeouts, maxInFlight } = pool;
  const requests = sums.requests(name);
  const events: Partial<Record<EdgeEvent, number>> = {};
  for (const { labels, value } of requests) {
    if (isEvent(labels[0]!)) events[labels[0]] = (events[labels[0]] ?? 0) + value;
  }
  const durations = sums.durations(name);
  const samples = sums.sampled(name);
  const top = most(samples.map(({ labels, value }) => [labels[0]!, value]));
  // Each kind of client counts once, however often it came.
  const agents = most(sums.agents(name).map(({ labels }) => [labels[0]!, 1]));
  return {
    name,
    policy: { name: policy.name, options: policy.options },
    byAddress: affinity.some(isByAddress),
    idle: idleOf(affinity),
    readiness: readiness?.path,
    timeout: timeouts.headers,
    aborts: abortsOf(pool, standing.snapshot),
    maxInFlight,
    pods: standing.pods(pool).map((pod) => podOf(pod, standing, sums, now)),
    requests: requests
      .filter(({ labels }) => !isEvent(labels[0]!))
      .map(({ labels: [outcome, code], value }) => ({
        outcome: outcome as Outcome,
        code: Number(code),
        count: value,
      })),
    events,
    timed: {
      count: total(durations, ([bucket]) => bucket !== SUM),
      sum: total(durations, ([bucket]) => bucket === SUM),
    },
    breaks: standing.breaks
      .filter((one) => one.pool === name)
      .map(({ cause, from, count }) => ({ cause, from, count })),
    gaps: sums.gaps(name).map(({ labels: [over, seconds], value }) => ({
      over: over === "over",
      seconds: Number(seconds),
      count: value,
    })),
    arrivals: {
      all: total(sums.arrivals(name)),
      withCookies: total(sums.arrivals(name), ([brought]) => brought === "cookies"),
    },
    agents: { sid: agents.key, count: agents.value },
    samples: { taken: total(samples), sid: top.key, hits: top.value },
    swaps: {
      all: total(sums.swaps(name)),
      adopted: total(sums.swaps(name), ([verdict]) => verdict === "adopted"),
    },
    tokens: {
      all: total(sums.tokens(name)),
      unknown: total(sums.tokens(name), ([what]) => what === "unknown"),
    },
    m: standing.m(name),
  };
}

function podOf(pod: PodGlance, standing: Standing, sums: Sums, now: number): PodCheckup {
  const { tag, id, state, since, weight, configWeight, inFlight } = pod;
  return {
    tag,
    id,
    state,
    lasting: now - (since ?? standing.enforced),
    weight,
    configWeight,
    inFlight,
    sessions: null,
    answered: total(sums.answered(tag)),
    unreachable: total(sums.unreachable(tag)),
    flips: standing.flips.get(tag) ?? 0,
  };
}

/** The key with most of all; of none the empty one. */
function most(pairs: readonly (readonly [key: string, value: number])[]): { key: string; value: number } {
  const sums = new Map<string, number>();
  let best = { key: "", value: 0 };
  for (const [key, value] of pairs) {
    const sum = (sums.get(key) ?? 0) + value;
    sums.set(key, sum);
    if (sum > best.value) best = { key, value: sum };
  }
  return best;
}

/** They are counted as of the first side's pool. */
function abortsOf(pool: Pool, snapshot: Snapshot | undefined): number[] {
  const routes = snapshot?.routes.filter(({ sides }) => sides[0]?.pool.name === pool.name) ?? [];
  return [...new Set(routes.flatMap(({ fault }) => fault?.abort?.status ?? []))];
}

function isByAddress({ source, options }: AffinityConfig): boolean {
  const { address } = affinities[source as AffinityName] as AffinitySource<unknown>;
  return address?.(options) === true;
}

/** Of the first source that has one. Seconds. */
function idleOf(affinity: readonly AffinityConfig[]): number | undefined {
  for (const { options } of affinity) {
    const life = options.idle ?? options.timeout;
    // Durations of options are milliseconds.
    if (typeof life === "number") return life / 1000;
  }
  return undefined;
}
