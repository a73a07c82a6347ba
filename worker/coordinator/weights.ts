import type { Route, Snapshot } from "../../src/model/snapshot.ts";
import { noPool, type Refused, refused } from "./reply.ts";

/** Another weight for a pool, wherever it is a side of a split; undefined takes it back. */
export interface WeightChange {
  readonly pool: string;
  readonly weight: number | undefined;
  readonly who: string;
}

type Row = { pool: string; weight: number };

/** The weights that operators gave to sides of splits: beside the config, on the same disk, and in no revision of it. */
export class Weights {
  readonly #sql: SqlStorage;
  #told: Readonly<Record<string, number>>;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const rows = sql.exec<Row>("SELECT pool, weight FROM weights").toArray();
    this.#told = Object.fromEntries(rows.map(({ pool, weight }) => [pool, weight]));
  }

  /** By name of the pool: what edges hear. Undefined when there are none. */
  get told(): Readonly<Record<string, number>> | undefined {
    return Object.keys(this.#told).length === 0 ? undefined : this.#told;
  }

  of(pool: string): number | undefined {
    return Object.hasOwn(this.#told, pool) ? this.#told[pool] : undefined;
  }

  /** Why it cannot be: no split has this side, or one would have no weight at all. */
  refuse({ pool, weight }: WeightChange, snapshot: Snapshot | undefined): Refused | undefined {
    if (!snapshot?.pools.some(({ name }) => name === pool)) return noPool(pool);
    const routes = splitsOf(pool, snapshot);
    if (routes.length === 0) return NO_SPLIT;
    const of = (name: string, own: number) => (name === pool ? (weight ?? own) : (this.of(name) ?? own));
    const empty = routes.some(({ sides }) => sides.every((side) => of(side.pool.name, side.weight) === 0));
    return empty ? NO_WEIGHT : undefined;
  }

  set({ pool, weight, who }: WeightChange, now: number): void {
    const { [pool]: _, ...others } = this.#told;
    if (weight === undefined) this.#sql.exec("DELETE FROM weights WHERE pool = ?", pool);
    else {
      this.#sql.exec(
        "INSERT OR REPLACE INTO weights (pool, weight, since, who) VALUES (?, ?, ?, ?)",
        ...[pool, weight, now, who],
      );
    }
    this.#told = weight === undefined ? others : { ...others, [pool]: weight };
  }

  /** Forgets those of pools that are neither in the config nor remembered as departed. */
  forget(known: (pool: string) => boolean, now: number): void {
    for (const pool of Object.keys(this.#told)) {
      if (!known(pool)) this.set({ pool, weight: undefined, who: "" }, now);
    }
  }
}

/** The routes of which a pool is a side among others. */
export function splitsOf(pool: string, snapshot: Snapshot | undefined): readonly Route[] {
  const all = snapshot?.routes ?? [];
  return all.filter(({ sides }) => sides.length > 1 && sides.some((side) => side.pool.name === pool));
}

const NO_SPLIT = refused(
  409,
  "no-split",
  "This pool is a side of no split",
  "A weight says which part of a split's new sessions a side takes.",
);
const NO_WEIGHT = refused(
  409,
  "no-weight",
  "A split would have no weight left",
  "Give another side a weight first, or pause this one.",
);
