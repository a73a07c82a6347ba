import { type AffinityName, affinities } from "../../src/affinity/index.ts";
import type { AffinitySource } from "../../src/affinity/source.ts";
import {
  type Checkup,
  type IsolateCheckup,
  LATELY,
  LONGER,
  type PodCheckup,
  type PoolCheckup,
} from "../../src/doctor/checkup.ts";
import { CLUES } from "../../src/metrics/clues.ts";
import { Recent } from "../../src/metrics/recent.ts";
import { SUM } from "../../src/metrics/timings.ts";
import { type Beat, type EdgeEvent, EVENTS } from "../../src/model/beat.ts";
import type { Cause } from "../../src/model/binding.ts";
import type { Outcome } from "../../src/model/decision.ts";
import type { AffinityConfig, Pool } from "../../src/model/pool.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { PodGlance } from "./pods.ts";

/** An isolate that has been silent this long is not counted as active. Milliseconds. */
const ACTIVE = 30_000;

const DURATION = "mooring_request_duration_seconds";
const STORE_CALLS = "mooring_store_calls_total";

/** Sums that are no metric and no clue. */
const REQUESTS = "requests";
const ANSWERED = "answered";
const UNREACHABLE = "unreachable";

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

/**
 * What heartbeats told lately, for checks (src/doctor). In memory alone: after a restart it is as good as before within the
 * minutes that it looks back on.
 */
export class Casebook {
  readonly #recent = new Recent(LONGER);
  /** When the first heartbeat came. Milliseconds since the epoch. */
  #since: number | undefined;
  readonly #isolates = new Map<string, IsolateCheckup & { readonly batch: number }>();

  take(beat: Beat, now: number): void {
    const { isolate, batch, counts, tallies = {}, clues = {}, failed, load = {} } = beat;
    const before = this.#isolates.get(isolate);
    this.#since ??= now;
    this.#isolates.set(isolate, {
      isolate: isolate.slice(0, 8),
      batch,
      revision: beat.revision,
      ahead: beat.sent === undefined ? undefined : beat.sent - now,
      at: now,
      keys: beat.keys ?? [],
      broken: beat.breaker === true,
    });
    // Sent again as its answer was lost: it was added already.
    if (before?.batch === batch) return;
    for (const { pool, outcome, code, count } of counts) {
      this.#recent.add(REQUESTS, [pool, outcome, String(code)], count, now);
    }
    for (const family of [DURATION, STORE_CALLS, CLUES.waits]) {
      if (tallies[family] !== undefined) this.#recent.take({ [family]: tallies[family] }, now);
    }
    this.#recent.take(clues, now);
    for (const tag of failed) this.#recent.add(UNREACHABLE, [tag], 1, now);
    for (const [tag, { done = 0 }] of Object.entries(load)) {
      if (done > 0) this.#recent.add(ANSWERED, [tag], done, now);
    }
  }

  /** All that is known now, but what the store alone knows. */
  checkup(standing: Standing, now: number): Checkup {
    for (const [name, { at }] of this.#isolates) if (now - at > ACTIVE) this.#isolates.delete(name);
    const { snapshot, revision, enforced, period, sealed } = standing;
    const requests = this.#recent.sums(REQUESTS, now, LATELY);
    const counted = requests.filter(({ labels }) => !isEvent(labels[1]!));
    const total = counted.reduce((all, { value }) => all + value, 0);
    const unrouted = counted.filter(
      ({ labels: [pool, outcome, code] }) => pool === "" && outcome === "refused" && code === "404",
    );
    const sums = this.#sums(now);
    return {
      at: now,
      revision,
      enforced,
      watched: now - (this.#since ?? now),
      period,
      isolates: [...this.#isolates.values()].map(({ batch: _, ...isolate }) => isolate),
      pools: (snapshot?.pools ?? []).map((pool) => poolOf(pool, standing, sums, now)),
      requests: total,
      unrouted: unrouted.reduce((all, { value }) => all + value, 0),
      store: this.#store(now),
      sealed,
    };
  }

  #store(now: number): Checkup["store"] {
    const calls = this.#recent.sums(STORE_CALLS, now, LATELY);
    const waits = this.#recent.sums(CLUES.waits, now, LATELY);
    return {
      calls: total(calls),
      failed: total(calls, ([, result]) => result === "failed"),
      waited: total(waits, ([what]) => what === "asked"),
      late: total(waits, ([what]) => what === "late"),
    };
  }

  #sums(now: number): Sums {
    const by = (family: string, length: number) => {
      const pools = new Map<string, Sum[]>();
      for (const { labels, value } of this.#recent.sums(family, now, length)) {
        const [pool = "", ...rest] = labels;
        const own = pools.get(pool);
        if (own === undefined) pools.set(pool, [{ labels: rest, value }]);
        else own.push({ labels: rest, value });
      }
      return (pool: string) => pools.get(pool) ?? [];
    };
    return {
      requests: by(REQUESTS, LATELY),
      durations: by(DURATION, LATELY),
      answered: by(ANSWERED, LATELY),
      unreachable: by(UNREACHABLE, LATELY),
      sampled: by(CLUES.sampled, LATELY),
      gaps: by(CLUES.gaps, LONGER),
      arrivals: by(CLUES.arrivals, LONGER),
      agents: by(CLUES.agents, LONGER),
      swaps: by(CLUES.swaps, LONGER),
      tokens: by(CLUES.tokens, LONGER),
    };
  }
}

interface Sum {
  readonly labels: readonly string[];
  readonly value: number;
}

/** Sums of one pool, or one pod, by what they are of. */
type Sums = Readonly<
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

function isEvent(outcome: string): outcome is EdgeEvent {
  return (EVENTS as readonly string[]).includes(outcome);
}

function total(sums: readonly Sum[], fits: (labels: readonly string[]) => boolean = () => true): number {
  return sums.reduce((all, { labels, value }) => (fits(labels) ? all + value : all), 0);
}

function poolOf(pool: Pool, standing: Standing, sums: Sums, now: number): PoolCheckup {
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
