import { checkKey } from "../../src/health/probes.ts";

/** Flips of one check of one pod that are kept. */
const KEPT = 10;

/** What became of a check of a pod: of a probe, or `ejection` with `ejected` and `returned`. */
export interface HealthFlip {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly check: string;
  readonly state: string;
}

/** What probes and edges found, on the coordinator's disk: the last flips of each check of each pod. */
export class HealthLog {
  readonly #sql: SqlStorage;
  readonly #newest = new Map<string, HealthFlip>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const rows = sql.exec<{ tag: string } & Row>("SELECT tag, at, name, state FROM flips ORDER BY seq");
    for (const { tag, at, name, state } of rows) {
      this.#newest.set(checkKey(tag, name), { at, check: name, state });
    }
  }

  record(tag: string, check: string, state: string, now: number): void {
    this.#sql.exec("INSERT INTO flips (tag, at, name, state) VALUES (?, ?, ?, ?)", tag, now, check, state);
    this.#sql.exec(
      `DELETE FROM flips WHERE tag = ?1 AND name = ?2 AND seq NOT IN
        (SELECT seq FROM flips WHERE tag = ?1 AND name = ?2 ORDER BY seq DESC LIMIT ${KEPT})`,
      tag,
      check,
    );
    this.#newest.set(checkKey(tag, check), { at: now, check, state });
  }

  /** When a check of a pod last flipped. Milliseconds since the epoch; undefined before its first flip. */
  since(tag: string, check: string): number | undefined {
    return this.#newest.get(checkKey(tag, check))?.at;
  }

  /** The newest state of each check, by its key. */
  states(): Map<string, string> {
    return new Map([...this.#newest].map(([key, { state }]) => [key, state]));
  }

  /** A pod's flips, the newest first. */
  history(tag: string): HealthFlip[] {
    return this.#sql
      .exec<Row>("SELECT at, name, state FROM flips WHERE tag = ? ORDER BY seq DESC", tag)
      .toArray()
      .map(({ at, name, state }) => ({ at, check: name, state }));
  }

  /** How often checks of each pod flipped after a moment, by tag: at most as often as flips are kept. */
  turns(after: number): Map<string, number> {
    const rows = this.#sql.exec<{ tag: string; count: number }>(
      "SELECT tag, COUNT(*) AS count FROM flips WHERE at > ? GROUP BY tag",
      after,
    );
    return new Map([...rows].map(({ tag, count }) => [tag, count]));
  }

  /** Keeps to these checks: what is not asked any more would be news from the past if it came back. */
  forget(kept: ReadonlySet<string>): void {
    for (const key of [...this.#newest.keys()]) {
      if (kept.has(key)) continue;
      const [tag = "", check = ""] = key.split(" ");
      this.#sql.exec("DELETE FROM flips WHERE tag = ? AND name = ?", tag, check);
      this.#newest.delete(key);
    }
  }
}

type Row = { at: number; name: string; state: string };
