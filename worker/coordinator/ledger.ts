import type { Break, RequestCount } from "../../src/model/beat.ts";

/** Breaks that are kept; the counts by cause are of all there ever were. */
const KEPT = 10_000;

/** What the edges reported, on the coordinator's disk: exact after restarts. */
export class Ledger {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Adds breaks; those whose (sid, epoch) is known are told twice and count once. */
  add(breaks: readonly Break[]): void {
    for (const { sid, epoch, at, pool, from, to, cause } of breaks) {
      // RETURNING tells an insert from an ignored one; the number of rows written counts index and sequence as well.
      const inserted = this.#sql.exec(
        `INSERT INTO breaks (sid, epoch, at, pool, source, target, cause) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (sid, epoch) DO NOTHING RETURNING seq`,
        sid,
        epoch,
        at,
        pool,
        from,
        to,
        cause,
      );
      if (inserted.toArray().length === 0) continue;
      this.#sql.exec(
        "INSERT INTO causes (cause, count) VALUES (?, 1) ON CONFLICT (cause) DO UPDATE SET count = count + 1",
        cause,
      );
    }
    if (breaks.length > 0) {
      this.#sql.exec("DELETE FROM breaks WHERE seq <= (SELECT MAX(seq) FROM breaks) - ?", KEPT);
    }
  }

  count(counts: readonly RequestCount[]): void {
    for (const { pool, outcome, code, count } of counts) {
      this.#sql.exec(
        `INSERT INTO counts (pool, outcome, code, count) VALUES (?, ?, ?, ?)
         ON CONFLICT (pool, outcome, code) DO UPDATE SET count = count + excluded.count`,
        pool,
        outcome,
        code,
        count,
      );
    }
  }

  requests(): { pool: string; outcome: string; code: number; count: number }[] {
    return this.#sql
      .exec<{ pool: string; outcome: string; code: number; count: number }>(
        "SELECT pool, outcome, code, count FROM counts ORDER BY pool, outcome, code",
      )
      .toArray();
  }

  causes(): { cause: string; count: number }[] {
    return this.#sql
      .exec<{ cause: string; count: number }>("SELECT cause, count FROM causes ORDER BY cause")
      .toArray();
  }

  /** The newest breaks first. */
  breaks(limit: number): Break[] {
    const rows = this.#sql.exec<{
      sid: string;
      epoch: number;
      at: number;
      pool: string;
      source: string;
      target: string;
      cause: Break["cause"];
    }>("SELECT sid, epoch, at, pool, source, target, cause FROM breaks ORDER BY seq DESC LIMIT ?", limit);
    return rows.toArray().map(({ source, target, ...rest }) => ({ ...rest, from: source, to: target }));
  }
}
