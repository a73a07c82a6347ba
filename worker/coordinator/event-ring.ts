import type { KindName } from "../../src/events/catalog.ts";
import type { EventRecord } from "../../src/events/record.ts";
import type { Kept, Ring } from "./event-streams.ts";

/** Events that are kept; the oldest go first. */
const KEPT = 10_000;

type Row = { seq: number; record: string };

/**
 * The last events, on the coordinator's disk. The ids of a new disk begin at the moment when it was new, in milliseconds: they
 * are above those of any disk before it, so that a client that resumes with one of those is told of its gap.
 */
export class EventRing implements Ring {
  readonly #sql: SqlStorage;
  #first: number;
  #last: number;

  constructor(sql: SqlStorage, now: number) {
    this.#sql = sql;
    const [{ first, last } = { first: null, last: null }] = sql
      .exec<{ first: number | null; last: number | null }>(
        "SELECT MIN(seq) AS first, MAX(seq) AS last FROM events",
      )
      .toArray();
    this.#last = last ?? now;
    this.#first = first ?? this.#last + 1;
  }

  get first(): number {
    return this.#first;
  }

  get last(): number {
    return this.#last;
  }

  /** Keeps an event; its id. Throws like the disk. */
  add(record: EventRecord): number {
    const id = this.#last + 1;
    const text = JSON.stringify(record);
    this.#sql.exec("INSERT INTO events (seq, kind, record) VALUES (?, ?, ?)", id, String(record.kind), text);
    this.#last = id;
    if (id - this.#first >= KEPT) {
      this.#first = id - KEPT + 1;
      this.#sql.exec("DELETE FROM events WHERE seq < ?", this.#first);
    }
    return id;
  }

  after(id: number, limit: number, kinds: readonly KindName[] | undefined): { events: Kept[]; upTo: number } {
    const rows = this.#sql
      .exec<Row>(
        `SELECT seq, record FROM events WHERE seq > ?1 AND (?2 IS NULL OR kind IN (SELECT value FROM json_each(?2)))
         ORDER BY seq LIMIT ?3`,
        ...[id, listOf(kinds), limit],
      )
      .toArray();
    const upTo = rows.length < limit ? this.#last : rows.at(-1)!.seq;
    return { events: rows.map(keptOf), upTo };
  }

  /** The newest first, of those before an id; the cursor is where the next page begins. */
  before(
    id: number,
    limit: number,
    kinds: readonly KindName[] | undefined,
  ): { events: Kept[]; cursor: number | null } {
    const rows = this.#sql
      .exec<Row>(
        `SELECT seq, record FROM events WHERE seq < ?1 AND (?2 IS NULL OR kind IN (SELECT value FROM json_each(?2)))
         ORDER BY seq DESC LIMIT ?3`,
        ...[id, listOf(kinds), limit + 1],
      )
      .toArray();
    const page = rows.slice(0, limit);
    return { events: page.map(keptOf), cursor: rows.length > limit ? page.at(-1)!.seq : null };
  }
}

function listOf(kinds: readonly KindName[] | undefined): string | null {
  return kinds === undefined ? null : JSON.stringify(kinds);
}

function keptOf({ seq, record }: Row): Kept {
  return { id: seq, record: JSON.parse(record) as EventRecord };
}
