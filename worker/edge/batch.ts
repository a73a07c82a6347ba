import { toldOf } from "../../src/events/break.ts";
import type { Clues } from "../../src/metrics/clues.ts";
import type { Counters } from "../../src/metrics/counters.ts";
import { Tally } from "../../src/metrics/tally.ts";
import type { Break, PodUse, RequestCount, Tallies } from "../../src/model/beat.ts";
import { tagToHex } from "../../src/model/pod.ts";
import { log } from "../log.ts";
import type { Views } from "./views.ts";

/** Breaks in one heartbeat at most; the rest goes with the next. */
const MAX_BREAKS = 2000;

/** What was counted and recorded between two heartbeats, under one number until the coordinator has confirmed it. */
export interface Batch {
  readonly batch: number;
  readonly counts: readonly RequestCount[];
  readonly breaks: readonly Break[];
  readonly failed: readonly string[];
  /** What was done with each pod, by tag. */
  readonly load: Readonly<Record<string, PodUse>>;
  /** New sessions by pool and zone. */
  readonly placed: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Milliseconds since the epoch, by tag. */
  readonly served: Readonly<Record<string, number>>;
  readonly tallies: Tallies;
  readonly clues: Tallies;
}

/**
 * Packs what must reach the coordinator once. A batch whose answer was lost is sent again as it was: the coordinator knows
 * its number, and counts nothing twice.
 */
export class Batches {
  readonly #counters: Counters;
  readonly #breaks: Break[];
  readonly #views: Views;
  /** Adds what else was counted since it was last called. */
  readonly #drain: (tally: Tally) => void;
  readonly #clues: Clues | undefined;
  readonly #failed = new Set<string>();
  #open: Batch | undefined;
  #sent = 0;

  constructor(
    counters: Counters,
    breaks: Break[],
    views: Views,
    drain: (tally: Tally) => void = () => undefined,
    clues?: Clues,
  ) {
    this.#counters = counters;
    this.#breaks = breaks;
    this.#views = views;
    this.#drain = drain;
    this.#clues = clues;
  }

  /** Whether anything waits to be told. */
  get pending(): boolean {
    return (
      this.#open !== undefined || this.#counters.pending || this.#breaks.length > 0 || this.#failed.size > 0
    );
  }

  failed(tag: string): void {
    this.#failed.add(tag);
  }

  /** The batch to send: the one that was not confirmed, or a new one. */
  next(): Batch {
    if (this.#open === undefined) {
      this.#open = {
        batch: ++this.#sent,
        counts: this.#counters.take(),
        breaks: this.#take(),
        failed: [...this.#failed],
        load: this.#load(),
        placed: this.#placed(),
        served: this.#served(),
        tallies: this.#tallies(),
        clues: this.#clues?.take() ?? {},
      };
      this.#failed.clear();
    }
    return this.#open;
  }

  confirm(batch: Batch): void {
    if (this.#open === batch) this.#open = undefined;
  }

  /** What this edge saw, in its own log as well: the coordinator may have heard of it from another one already. */
  #take(): Break[] {
    const breaks = this.#breaks.splice(0, MAX_BREAKS);
    for (const one of breaks) {
      const { kind, fields, at } = toldOf(one);
      log(kind, fields, at);
    }
    return breaks;
  }

  #tallies(): Tallies {
    const tally = new Tally();
    this.#counters.timings.drain(tally);
    this.#drain(tally);
    return tally.take();
  }

  #load(): Record<string, PodUse> {
    const use: Record<string, PodUse> = {};
    for (const pool of this.#views.current?.pools ?? []) pool.tell(use, Date.now());
    return use;
  }

  #placed(): Record<string, Record<string, number>> {
    const placed: Record<string, Record<string, number>> = {};
    for (const pool of this.#views.current?.pools ?? []) {
      const zones = pool.placed();
      if (zones !== undefined) placed[pool.pool.name] = zones;
    }
    return placed;
  }

  #served(): Record<string, number> {
    const served: Record<string, number> = {};
    for (const pool of this.#views.current?.pools ?? []) {
      if (pool.pool.readiness === undefined && pool.pool.startup === undefined) continue;
      for (const pod of pool.pods) {
        if (pod.served > 0) served[tagToHex(pod.pod.tag)] = pod.served;
        pod.served = 0;
      }
    }
    return served;
  }
}
