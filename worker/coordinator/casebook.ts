import { type Checkup, type IsolateCheckup, LATELY, LONGER } from "../../src/doctor/checkup.ts";
import { CLUES } from "../../src/metrics/clues.ts";
import { Recent } from "../../src/metrics/recent.ts";
import type { Beat } from "../../src/model/beat.ts";
import { isEvent, poolOf, type Standing, type Sum, type Sums, total } from "./pool-checkup.ts";

/** An isolate that has been silent this long is not counted as active. Milliseconds. */
const ACTIVE = 30_000;

const DURATION = "mooring_request_duration_seconds";
const STORE_CALLS = "mooring_store_calls_total";

/** Sums that are no metric and no clue. */
const REQUESTS = "requests";
const ANSWERED = "answered";
const UNREACHABLE = "unreachable";

/**
 * What heartbeats told lately, for checks (src/doctor). In memory alone: after a restart it is as good as before within the
 * minutes that it looks back on.
 */
export class Casebook {
  readonly #recent = new Recent(LONGER);
  /** When the first heartbeat came. Milliseconds since the epoch. */
  #since: number | undefined;
  readonly #isolates = new Map<string, IsolateCheckup & { readonly batch: number }>();

  /** @param revision that is in force */
  take(beat: Beat, revision: number, now: number): void {
    const { isolate, batch, counts, tallies = {}, clues = {}, failed, load = {} } = beat;
    const before = this.#isolates.get(isolate);
    this.#since ??= now;
    // They come and go by the minute: whoever is new makes room.
    if (before === undefined) this.#forget(now);
    this.#isolates.set(isolate, {
      isolate: isolate.slice(0, 8),
      batch,
      revision: beat.revision,
      behind: beat.revision === revision ? 0 : (before?.behind ?? 0) + 1,
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
    this.#forget(now);
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

  #forget(now: number): void {
    for (const [name, { at }] of this.#isolates) if (now - at > ACTIVE) this.#isolates.delete(name);
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
