import type { Sid } from "../../src/model/binding.ts";
import { type PodTag, tagFromHex, tagToHex } from "../../src/model/pod.ts";

/** The rebalance of a pool: the one that runs, or the last. Times in milliseconds since the epoch. */
export interface Run {
  readonly pool: string;
  readonly state: "running" | "done" | "stopped";
  /** Sessions a second. */
  readonly rate: number;
  /** The skew at which it ends. */
  readonly target: number;
  readonly moved: number;
  /** The skew when it began. */
  readonly before: number;
  readonly since: number;
  readonly who: string;
  /** When it may move the next ones. */
  readonly next: number;
  /** Why it waits or ended, as a code; empty when there is nothing to say. */
  readonly why: string;
}

/** A move that was begun, and not seen to its end. */
export interface Begun {
  readonly sid: Sid;
  readonly from: PodTag;
  readonly to: PodTag;
}

/** Rebalances on the coordinator's disk, with every session that one has touched: none is moved twice, whoever restarts. */
export class Runs {
  readonly #sql: SqlStorage;
  /** Those that run, by pool: asked for with every alarm. */
  readonly #running = new Map<string, Run>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const rows = sql.exec<Run & Record<string, string | number>>(
      "SELECT * FROM rebalances WHERE state = 'running'",
    );
    for (const row of rows.toArray()) this.#running.set(row.pool, row);
  }

  get running(): readonly Run[] {
    return [...this.#running.values()];
  }

  of(pool: string): Run | undefined {
    const query = "SELECT * FROM rebalances WHERE pool = ?";
    return (
      this.#running.get(pool) ??
      this.#sql.exec<Run & Record<string, string | number>>(query, pool).toArray()[0]
    );
  }

  /** Writes it down; one that has ended forgets whom it has touched. */
  save(run: Run): void {
    const { pool, state, rate, target, moved, before, since, who, next, why } = run;
    this.#sql.exec(
      `INSERT OR REPLACE INTO rebalances (pool, state, rate, target, moved, before, since, who, next, why)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[pool, state, rate, target, moved, before, since, who, next, why],
    );
    if (state === "running") this.#running.set(pool, run);
    else {
      this.#running.delete(pool);
      this.#sql.exec("DELETE FROM rebalanced WHERE pool = ?", pool);
    }
  }

  touched(pool: string, sid: Sid): boolean {
    const query = "SELECT 1 FROM rebalanced WHERE pool = ? AND sid = ?";
    return this.#sql.exec(query, pool, sid).toArray().length > 0;
  }

  begin(pool: string, { sid, from, to }: Begun): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO rebalanced (pool, sid, source, target, done) VALUES (?, ?, ?, ?, 0)",
      ...[pool, sid, tagToHex(from), tagToHex(to)],
    );
  }

  end(pool: string, sid: Sid): void {
    this.#sql.exec("UPDATE rebalanced SET done = 1 WHERE pool = ? AND sid = ?", pool, sid);
  }

  /** What was begun and may be done: an answer was lost, or the process was. */
  begun(pool: string, most: number): Begun[] {
    const query = "SELECT sid, source, target FROM rebalanced WHERE pool = ? AND done = 0 LIMIT ?";
    const rows = this.#sql.exec<Record<"sid" | "source" | "target", string>>(query, pool, most).toArray();
    return rows.map(({ sid, source, target }) => ({ sid, from: tagFromHex(source), to: tagFromHex(target) }));
  }
}
