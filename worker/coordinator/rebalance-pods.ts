import type { Table } from "../../src/core/core.ts";
import type { Pod } from "../../src/model/pod.ts";
import type { Pool } from "../../src/model/pool.ts";
import type { BindingStore, ListedBinding } from "../../src/model/ports.ts";
import { nextVersion } from "../../src/policies/policy.ts";
import type { Guard } from "../../src/sessions/guard.ts";
import type { IdleSession, Prefer, Seat } from "../../src/sessions/rebalance.ts";
import { core } from "../core.ts";
import { isIdle, lifeOf, seenAt } from "./life.ts";
import type { Places } from "./places.ts";
import { noPool, type Refused, refused } from "./reply.ts";
import { STORE_DOWN } from "./sessions.ts";

/** Sessions that are listed at once. */
const PAGE = 1000;

export interface RebalancePodsParts {
  readonly store: BindingStore;
  readonly guard: Guard;
  readonly pool: (name: string) => Pool | undefined;
  readonly places: () => Places;
  readonly now: () => number;
}

/** The pods of a pool that take part, and how many sessions each has. */
export interface Round {
  readonly pool: Pool;
  readonly pods: readonly Pod[];
  readonly seats: readonly Seat[];
}

/** Idle sessions of some pods; the cursor is undefined at the end. */
export interface IdlePage {
  readonly idle: readonly IdleSession[];
  readonly cursor: string | undefined;
}

/** The pods between which a pool is rebalanced, as they stand, and the idle sessions that they have. */
export class RebalancePods {
  readonly #parts: RebalancePodsParts;
  /** Of the pool that was asked for last. */
  #table: { readonly of: Pool; readonly table: Table } | undefined;

  constructor(parts: RebalancePodsParts) {
    this.#parts = parts;
  }

  /** Who takes part: pods that take new sessions and keep what they have, by weight. What others have is not counted. */
  async round(name: string): Promise<Round | Refused> {
    const { places, store, now } = this.#parts;
    const pool = this.#parts.pool(name);
    if (pool === undefined) return noPool(name);
    const at = places();
    const pods = pool.pods.filter((pod) => {
      const { admit, keep } = at.standing(pod).meaning;
      return pod.weight > 0 && admit && keep;
    });
    if (pods.length === 0) return NO_POD;
    const tags = pods.map(({ tag }) => tag);
    const counts = await this.#ask(() => store.count(tags, now()));
    if (counts === undefined) return STORE_DOWN;
    return { pool, pods, seats: pods.map(({ weight }, i) => ({ weight, sessions: counts[i]! })) };
  }

  /** A page of the idle sessions of these pods, by their positions in the round. Undefined: the store does not answer. */
  async page(
    { pods }: Round,
    sources: readonly Pod[],
    cursor: string | undefined,
  ): Promise<IdlePage | undefined> {
    const { store, now } = this.#parts;
    const tags = sources.map(({ tag }) => tag);
    const page = await this.#ask(() => store.list(tags, now(), PAGE, cursor));
    if (page === undefined) return undefined;
    const positions = new Map(pods.map(({ tag }, i) => [tag, i]));
    const idle = page.sessions.flatMap((session) => {
      const from = positions.get(session.pod);
      const seen = this.#unseen(session);
      return from === undefined || seen === undefined ? [] : [{ sid: session.sid, from, seen }];
    });
    return { idle, cursor: page.cursor };
  }

  /** By the pool's own hash table, among the pods that are open. */
  prefer({ pool, pods }: Round): Prefer {
    if (this.#table?.of !== pool) {
      this.free();
      this.#table = { of: pool, table: core.table(pool.pods, pool.tableBits) };
    }
    const { table } = this.#table!;
    const seats = new Map(pods.map(({ index }, i) => [index, i]));
    let known: readonly boolean[] | undefined;
    let standing = { out: new Uint8Array(0), live: 0, version: 0 };
    return (sid, open) => {
      if (open !== known) {
        known = open;
        const out = Uint8Array.from(pool.pods, ({ index }) => Number(!open[seats.get(index) ?? -1]));
        standing = { out, live: open.filter((one) => one).length, version: nextVersion() };
      }
      return seats.get(table.lookup(sid, standing)) ?? -1;
    };
  }

  /** Gives the table's memory back. */
  free(): void {
    this.#table?.table.free();
    this.#table = undefined;
  }

  /** When an idle session was seen last; undefined of one that is not idle. */
  #unseen(session: ListedBinding): number | undefined {
    const { places, now } = this.#parts;
    const life = lifeOf(places().affinity(session), session);
    return isIdle(session, life, now()) ? seenAt(session, life) : undefined;
  }

  /** Undefined: the store is down or slow. */
  #ask<T>(call: () => Promise<T>): Promise<T | undefined> {
    const { guard } = this.#parts;
    return guard.within(guard.background(call));
  }
}

const NO_POD = refused(
  409,
  "no-pod",
  "No pod of this pool takes sessions",
  "Make pods ready first: GET the pool's pods to see how they stand.",
);
