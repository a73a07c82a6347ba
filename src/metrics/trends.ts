import { EVENTS, type RequestCount, type Tallies } from "../model/beat.ts";
import type { Outcome } from "../model/decision.ts";
import { SUM } from "./timings.ts";
import { Trend, type TrendBin } from "./trend.ts";

const DURATION = "mooring_request_duration_seconds";
/** Bins of the fleet: a quarter of an hour. Of each pool: somewhat more than the minute that is told. */
const STEP = 10_000;
const FLEET = 90;
const POOL = 8;
/** Pools that are remembered; of more, those that were heard of first are forgotten. */
const POOLS = 1000;

/** How the traffic went lately. */
export interface Traffic {
  /** Milliseconds. */
  readonly step: number;
  /** The oldest first; the last is not over yet. */
  readonly bins: readonly TrendBin[];
  /** How long the last minute is, with the bin that is not over. Seconds. */
  readonly seconds: number;
  /** The last minute of all pools, and of each that had requests in it. */
  readonly all: TrendBin;
  readonly pools: Readonly<Record<string, TrendBin>>;
}

/** Traffic of the fleet and of each pool, from what heartbeats tell; in memory alone, so a restart begins anew. */
export class Trends {
  readonly #all = new Trend(STEP, FLEET);
  readonly #pools = new Map<string, Trend>();

  /** A heartbeat that was not heard before. */
  take(counts: readonly RequestCount[], tallies: Tallies, now: number): void {
    for (const { pool, outcome, code, count } of counts) {
      if ((EVENTS as readonly string[]).includes(outcome)) continue;
      for (const trend of [this.#all, this.#of(pool)]) trend.count(outcome as Outcome, code, count, now);
    }
    for (const [labels, count] of Object.entries(tallies[DURATION] ?? {})) {
      const [pool = "", bucket = SUM] = JSON.parse(labels) as string[];
      if (bucket === SUM) continue;
      for (const trend of [this.#all, this.#of(pool)]) trend.time(Number(bucket), count, now);
    }
  }

  read(now: number): Traffic {
    const bins = 60_000 / STEP + 1;
    const pools = [...this.#pools].map(([name, trend]) => [name, trend.sum(bins, now)] as const);
    return {
      step: STEP,
      bins: this.#all.bins(FLEET, now),
      seconds: 60 + (now % STEP) / 1000,
      all: this.#all.sum(bins, now),
      pools: Object.fromEntries(pools.filter(([, { outcomes }]) => Object.values(outcomes).some(Boolean))),
    };
  }

  #of(pool: string): Trend {
    let trend = this.#pools.get(pool);
    if (trend === undefined) {
      trend = new Trend(STEP, POOL);
      this.#pools.set(pool, trend);
      if (this.#pools.size > POOLS) this.#pools.delete(this.#pools.keys().next().value!);
    }
    return trend;
  }
}
