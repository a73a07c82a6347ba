import type { FeedEntry } from "../../src/model/beat.ts";
import type { Sid } from "../../src/model/binding.ts";

/** Entries that one heartbeat carries at most, about 120 bytes each. */
export const PAGE = 2000;

/** What a heartbeat brings of the feed. */
export interface FeedPage {
  readonly entries: readonly FeedEntry[];
  /** The position that this page reaches; the next one begins after it. */
  readonly seq: number;
  readonly more: boolean;
}

type Row = { seq: number; sid: string; epoch: number; target: string | null; cause: string; exp: number };

/** Revocations and moves on the coordinator's disk, each kept until no token can be older than it. */
export class FeedStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The last position that was given out; never goes down, also when entries end. */
  get seq(): number {
    const [row] = this.#sql.exec<{ value: string }>("SELECT value FROM meta WHERE key = 'feed'").toArray();
    return Number(row?.value ?? 0);
  }

  /** One entry a session is enough: the later takes the earlier's place. Answers the position to have heard. */
  add({ sid, epoch, to, cause, exp }: Omit<FeedEntry, "seq">, now: number): number {
    this.#sql.exec("DELETE FROM feed WHERE exp < ?", now);
    const known = this.#sql.exec("SELECT 1 FROM feed WHERE sid = ? AND epoch >= ?", sid, epoch).toArray();
    if (known.length > 0) return this.seq;
    const seq = this.seq + 1;
    this.#sql.exec("INSERT OR REPLACE INTO meta (key, value) VALUES ('feed', ?)", String(seq));
    this.#sql.exec(
      "INSERT OR REPLACE INTO feed (seq, sid, epoch, target, cause, exp) VALUES (?, ?, ?, ?, ?, ?)",
      seq,
      sid,
      epoch,
      to,
      cause,
      exp,
    );
    return seq;
  }

  /** What was told last of a session. */
  of(sid: Sid): Omit<FeedEntry, "seq"> | undefined {
    const [row] = this.#sql
      .exec<Row>("SELECT seq, sid, epoch, target, cause, exp FROM feed WHERE sid = ?", sid)
      .toArray();
    if (row === undefined) return undefined;
    const { epoch, target, cause, exp } = row;
    return { sid, epoch, to: target, cause: cause as FeedEntry["cause"], exp };
  }

  /** What follows position `after`; 0 is before everything. */
  page(after: number, now: number): FeedPage {
    const rows = this.#sql
      .exec<Row>(
        "SELECT seq, sid, epoch, target, cause, exp FROM feed WHERE seq > ? AND exp >= ? ORDER BY seq LIMIT ?",
        after,
        now,
        PAGE + 1,
      )
      .toArray();
    const entries = rows.slice(0, PAGE).map(
      ({ target, cause, ...rest }): FeedEntry => ({
        ...rest,
        to: target,
        cause: cause as FeedEntry["cause"],
      }),
    );
    const more = rows.length > PAGE;
    return { entries, seq: more ? entries[PAGE - 1]!.seq : this.seq, more };
  }
}
