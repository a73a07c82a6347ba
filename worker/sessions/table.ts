import type { Binding, Retention, Sid } from "../../src/model/binding.ts";
import { type PodTag, tagToHex } from "../../src/model/pod.ts";
import type { Clock, Swap, Swapped } from "../../src/model/ports.ts";
import { relate, settle } from "../../src/sessions/settle.ts";
import { checkSwap } from "./swap.ts";
import { checkSid, encodeBinding, joinValue, parseBinding } from "./value.ts";

/** `ends`: when the row is forgotten. `expires`: until when its pod's index holds it, 0 for not at all. Ms since the epoch. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS bindings (
    sid TEXT PRIMARY KEY, epoch INTEGER, pod TEXT, home TEXT, state TEXT, cause TEXT, created INTEGER, exp INTEGER,
    ends INTEGER NOT NULL, expires INTEGER NOT NULL, via TEXT NOT NULL DEFAULT ''
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS bindings_by_pod ON bindings (pod, sid);`;

/** Of a disk that an older version has made, which did not say by which route a session came. */
const HAS_VIA = "SELECT 1 FROM pragma_table_info('bindings') WHERE name = 'via'";
const ADD_VIA = "ALTER TABLE bindings ADD COLUMN via TEXT NOT NULL DEFAULT ''";

const LIVE = "state = 'A' AND expires >= ? AND ends > ?";

/** Of an argument that is a list in JSON, as a statement takes only so many arguments. */
const PODS = "SELECT value FROM json_each(?)";

function toJson(pods: readonly PodTag[]): string {
  return JSON.stringify(pods.map(tagToHex));
}

/** How many rows one sweep takes, so that no request waits long behind it. */
const SWEEP = 5000;

type Row = Record<"epoch" | "created" | "exp" | "ends" | "expires", number> &
  Record<"sid" | "pod" | "home" | "state" | "cause" | "via", string>;

function fromRow(row: Row): Binding | undefined {
  const { epoch, pod, home, state, cause, created, exp, via } = row;
  return parseBinding(row.sid, joinValue([epoch, pod, home, state, cause, created, exp], via));
}

/** A listed session as it crosses the wire: sid, the binding's value, its index score. */
export type ListedRow = readonly [sid: Sid, value: string, expires: number];

/** Sessions of a pod as their number crosses the wire: its tag as 12 hex digits, how many. */
export type CountedRow = readonly [pod: string, live: number];

/** The bindings of one shard in SQLite. Synchronous, so each method is atomic; a row past its end counts as absent. */
export class BindingTable {
  readonly #sql: SqlStorage;
  readonly #clock: Clock;

  constructor(sql: SqlStorage, clock: Clock) {
    this.#sql = sql;
    this.#clock = clock;
    sql.exec(SCHEMA);
    if (sql.exec(HAS_VIA).toArray().length === 0) sql.exec(ADD_VIA);
  }

  create(binding: Binding, keep: Retention): void {
    const row = this.#row(checkSid(binding.sid));
    if (row === undefined) this.#put(binding, keep);
    else if (row.state === "A" && row.pod === tagToHex(binding.pod))
      this.index(binding.sid, undefined, binding.pod, keep);
  }

  renew(binding: Binding, keep: Retention): "extended" | "repaired" | "ahead" {
    const stored = this.#stored(checkSid(binding.sid));
    switch (relate(stored, binding.epoch, binding.pod)) {
      case "same":
        this.#put(stored!, keep);
        return "extended";
      case "absent":
      case "behind":
        this.#put(binding, keep);
        return "repaired";
      default:
        // The store knows more, and is left as it is; a session that was seen where it is has been seen.
        if (stored!.state === "A" && stored!.pod === binding.pod) this.#put(stored!, keep);
        return "ahead";
    }
  }

  swap(swap: Swap, keep: Retention): Swapped {
    const { swapped, write } = settle(this.#stored(checkSwap(swap).sid), swap);
    if (write !== undefined) this.#put(write, keep);
    return swapped;
  }

  /** A session is indexed where its binding is, so one row says it all. A revocation stays. */
  release(sid: Sid, _pod: PodTag): void {
    this.#sql.exec("DELETE FROM bindings WHERE sid = ? AND state <> 'R'", checkSid(sid));
  }

  /** A session is indexed where its binding is, so only its score is left to follow. */
  index(sid: Sid, from: PodTag | undefined, to: PodTag | undefined, keep: Retention): void {
    checkSid(sid);
    const update = "UPDATE bindings SET expires = ? WHERE sid = ? AND pod = ?";
    if (to !== undefined) this.#sql.exec(update, Math.ceil(keep.expires), sid, tagToHex(to));
    if (from !== undefined && from !== to) this.#sql.exec(update, 0, sid, tagToHex(from));
  }

  /** The binding's value, or null. */
  read(sid: Sid): string | null {
    const stored = this.#stored(checkSid(sid));
    return stored === undefined ? null : encodeBinding(stored);
  }

  expires(sid: Sid, pod: PodTag): number | null {
    const row = this.#row(checkSid(sid));
    return row?.state === "A" && row.pod === tagToHex(pod) && row.expires > 0 ? row.expires : null;
  }

  /** Live sessions of each of these pods, or of every pod, in one query; pods that have none are left out. */
  count(pods: readonly PodTag[] | undefined, now: number): CountedRow[] {
    const some = pods === undefined ? "" : `pod IN (${PODS}) AND`;
    const query = `SELECT pod, COUNT(*) AS live FROM bindings WHERE ${some} ${LIVE} GROUP BY pod`;
    const asked = pods === undefined ? [] : [toJson(pods)];
    const rows = this.#sql.exec<{ pod: string; live: number }>(query, ...asked, now, this.#clock.now());
    return [...rows].map(({ pod, live }) => [pod, live]);
  }

  /** At most `limit` live sessions in the order of pods as given and of sids; of the first pod those after sid `after`. */
  list(pods: readonly PodTag[], now: number, limit: number, after: string): ListedRow[] {
    const time = this.#clock.now();
    const some = `EXISTS (SELECT 1 FROM bindings WHERE pod = value AND ${LIVE})`;
    // As many pods as there may be rows, for each has one; the first may have none beyond `after`.
    const asked = [toJson(pods), now, time, limit + 1] as const;
    const found = this.#sql.exec<{ pod: string }>(
      `SELECT value AS pod FROM json_each(?) WHERE ${some} ORDER BY key LIMIT ?`,
      ...asked,
    );
    const listed: ListedRow[] = [];
    for (const { pod } of found.toArray()) {
      if (listed.length >= limit) break;
      const from = pod === tagToHex(pods[0]!) ? after : "";
      const query = `SELECT * FROM bindings WHERE pod = ? AND ${LIVE} AND sid > ? ORDER BY sid LIMIT ?`;
      for (const row of this.#sql.exec<Row>(query, pod, now, time, from, limit - listed.length)) {
        const binding = fromRow(row);
        if (binding !== undefined) listed.push([row.sid, encodeBinding(binding), row.expires]);
      }
    }
    return listed;
  }

  /** Forgets rows past their end. `full`: there may be more of them; `empty`: no row is left at all. */
  sweep(): { full: boolean; empty: boolean } {
    const past = "SELECT sid FROM bindings WHERE ends <= ? LIMIT ?";
    const cursor = this.#sql.exec(
      `DELETE FROM bindings WHERE sid IN (${past}) RETURNING 1`,
      this.#clock.now(),
      SWEEP,
    );
    const full = cursor.toArray().length === SWEEP;
    return { full, empty: this.#sql.exec("SELECT 1 FROM bindings LIMIT 1").toArray().length === 0 };
  }

  #row(sid: Sid): Row | undefined {
    const query = "SELECT * FROM bindings WHERE sid = ? AND ends > ?";
    return this.#sql.exec<Row>(query, sid, this.#clock.now()).toArray()[0];
  }

  #stored(sid: Sid): Binding | undefined {
    const row = this.#row(sid);
    return row === undefined ? undefined : fromRow(row);
  }

  #put(binding: Binding, keep: Retention): void {
    encodeBinding(binding); // Throws for what could not be read back.
    const { sid, epoch, pod, home, state, cause, created, exp, via } = binding;
    // A revocation lives until exp, or an old cookie would resurrect the session.
    const ends = state === "R" ? exp : this.#clock.now() + Math.ceil(keep.ttl);
    const value = [sid, epoch, tagToHex(pod), tagToHex(home), state, cause, created, exp];
    const row = [...value, ends, Math.ceil(keep.expires), via];
    this.#sql.exec("INSERT OR REPLACE INTO bindings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", ...row);
  }
}
