import { isPodState, type PodState } from "../../src/health/state.ts";

/** What probes found, on the coordinator's disk: the last flip of each pod that is probed. */
export class HealthLog {
  readonly #sql: SqlStorage;
  readonly #flips = new Map<string, { readonly state: PodState; readonly since: number }>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const rows = sql.exec<{ tag: string; state: string; since: number }>(
      "SELECT tag, state, since FROM health",
    );
    for (const { tag, state, since } of rows.toArray()) {
      if (isPodState(state)) this.#flips.set(tag, { state, since });
    }
  }

  record(tag: string, state: PodState, now: number): void {
    this.#sql.exec("INSERT OR REPLACE INTO health (tag, state, since) VALUES (?, ?, ?)", tag, state, now);
    this.#flips.set(tag, { state, since: now });
  }

  /** When the pod last flipped. Milliseconds since the epoch; undefined before its first flip. */
  since(tag: string): number | undefined {
    return this.#flips.get(tag)?.since;
  }

  states(): Map<string, PodState> {
    return new Map([...this.#flips].map(([tag, { state }]) => [tag, state]));
  }

  forget(kept: ReadonlySet<string>): void {
    for (const tag of [...this.#flips.keys()]) {
      if (kept.has(tag)) continue;
      this.#sql.exec("DELETE FROM health WHERE tag = ?", tag);
      this.#flips.delete(tag);
    }
  }
}
