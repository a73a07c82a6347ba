import { toldOf } from "../../src/events/break.ts";
import type { Tell } from "../../src/events/catalog.ts";
import { CATALOG } from "../../src/metrics/catalog.ts";
import type { Beat, Break, RequestCount, Tallies } from "../../src/model/beat.ts";

/** Breaks that are listed; the counts by cause are of all there ever were. */
const KEPT = 10_000;
/** Breaks that are known when they are told again: an old cookie may tell of one long after it left the list. */
const KNOWN = 100_000;
/** What clocks of edges may differ by, and a heartbeat may take. Milliseconds. */
const SLACK = 5 * 60_000;
/** How long a silent isolate may still repeat its last batch. Milliseconds. */
const REMEMBERED = 24 * 3600 * 1000;

/** Which breaks are asked for; undefined: all. */
export interface BreakFilter {
  readonly pool?: string | undefined;
  readonly sid?: string | undefined;
  readonly cause?: string | undefined;
}

type Told = Pick<Beat, "isolate" | "batch" | "counts" | "breaks" | "tallies">;

type BreakRow = {
  seq: number;
  sid: string;
  epoch: number;
  at: number;
  pool: string;
  source: string;
  target: string;
  cause: Break["cause"];
};

/**
 * What a session may suffer once in each epoch: the column `ended`, which had but the first two once. `apart` is what an edge
 * did without the store, by epochs of its own. Below 0: of a life of the session that is over, which is listed and no more.
 */
const KINDS = { moved: 0, ended: 1, adopted: 2, apart: 3 } as const;

function kindOf({ to, cause, alone }: Break): number {
  if (to === "") return KINDS.ended;
  if (cause === "store-adopt") return KINDS.adopted;
  return alone ? KINDS.apart : KINDS.moved;
}

/** What the edges reported, on the coordinator's disk: exact after restarts. */
export class Ledger {
  readonly #sql: SqlStorage;
  readonly #tell: Tell;

  /** @param tell is told of each break once */
  constructor(sql: SqlStorage, tell: Tell) {
    this.#sql = sql;
    this.#tell = tell;
  }

  /**
   * Takes a batch once: an edge that lost the answer sends it again under the same number.
   *
   * @returns whether there was anything new in it
   */
  take({ isolate, batch, counts, breaks, tallies = {} }: Told, now: number): boolean {
    if (counts.length === 0 && breaks.length === 0 && Object.keys(tallies).length === 0) return false;
    const [last] = this.#sql
      .exec<{ batch: number }>("SELECT batch FROM batches WHERE isolate = ?", isolate)
      .toArray();
    if (last !== undefined && batch <= last.batch) return false;
    this.#sql.exec(
      "INSERT OR REPLACE INTO batches (isolate, batch, at) VALUES (?, ?, ?)",
      isolate,
      batch,
      now,
    );
    this.#sql.exec("DELETE FROM batches WHERE at < ?", now - REMEMBERED);
    this.count(counts);
    this.add(breaks);
    this.tally(tallies);
    return true;
  }

  tally(tallies: Tallies): void {
    for (const [family, samples] of Object.entries(tallies)) {
      if (!Object.hasOwn(CATALOG, family)) continue;
      for (const [labels, value] of Object.entries(samples)) {
        this.#sql.exec(
          `INSERT INTO tallies (family, labels, value) VALUES (?, ?, ?)
           ON CONFLICT (family, labels) DO UPDATE SET value = value + excluded.value`,
          family,
          labels,
          value,
        );
      }
    }
  }

  /** Tokens ever sealed, by key id. */
  sealed(): Record<string, number> {
    const rows = this.#sql.exec<{ labels: string; value: number }>(
      "SELECT labels, value FROM tallies WHERE family = 'mooring_tokens_sealed_total'",
    );
    return Object.fromEntries([...rows].map(({ labels, value }) => [JSON.parse(labels)[0] as string, value]));
  }

  tallies(): { family: string; labels: string; value: number }[] {
    return this.#sql
      .exec<{ family: string; labels: string; value: number }>(
        "SELECT family, labels, value FROM tallies ORDER BY family, labels",
      )
      .toArray();
  }

  /**
   * Adds breaks; those that are known by (sid, epoch) are told twice and count once. A session that moved to an epoch may
   * also end in it, or be found at another pod of it, which are other breaks. Where a move came from is where the epoch before
   * had brought the session, in whatever order the two are told, and else what the first says who knows.
   */
  add(breaks: readonly Break[]): void {
    for (const told of breaks) {
      this.#buries(told);
      if (told.passed && this.#goesPast(told)) continue;
      const one = { ...told, from: this.#left(told) };
      const kind = kindOf(one);
      // Looked for, not left to ON CONFLICT, which uses a number up: repeats had pushed all else off the list.
      if (this.#isKnown(one, kind)) continue;
      const { sid, epoch, at, pool, from, to, cause } = one;
      this.#sql.exec(
        "INSERT INTO breaks (sid, epoch, at, pool, source, target, cause, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ...[sid, epoch, at, pool, from, to, cause, kind],
      );
      if (to !== "") this.#leads(sid, epoch);
      this.#sql.exec(
        "INSERT INTO causes (cause, count) VALUES (?, 1) ON CONFLICT (cause) DO UPDATE SET count = count + 1",
        cause,
      );
      const event = toldOf(one);
      this.#tell(event.kind, event.fields, at);
    }
    if (breaks.length > 0) {
      this.#sql.exec("DELETE FROM breaks WHERE seq <= (SELECT MAX(seq) FROM breaks) - ?", KNOWN);
    }
  }

  /**
   * A key has one sid for ever, and its session begins at epoch 1 again once the store has forgotten it: that is 1.5 × idle +
   * 10 min after its last visit. What came before this break by more than idle is over for all: who still knew the epoch
   * before it had last been visited there before it came, and has forgotten it idle later. So it is no repeat of this, and
   * does not say where this came from.
   */
  #buries({ sid, at, idle }: Break): void {
    if (idle === undefined) return;
    const query = "UPDATE breaks SET ended = -seq WHERE sid = ? AND at < ? AND ended >= 0";
    this.#sql.exec(query, sid, at - idle * 1000 - SLACK);
  }

  /** The pod that a break left: to where the epoch before had brought the session, or what its teller says. */
  #left({ sid, epoch, from, to, cause, alone }: Break): string {
    if (to === "" || ((alone || cause === "store-adopt") && from !== "")) return from;
    const before = this.#target(sid, epoch - 1);
    return before === undefined || before === to ? from : before;
  }

  /**
   * Whether it is listed, if by another kind: what an edge did without the store, and told it later, the store does not know
   * the cause of, so that others who hear of it there say `store-adopt` of the same move. A repeat writes nothing, unless it
   * says more: from where, or that it was the store's move as well.
   */
  #isKnown({ sid, epoch, from, to }: Break, kind: number): boolean {
    const query =
      "SELECT seq, ended, source, target FROM breaks WHERE sid = ? AND epoch = ? AND ended >= 0 ORDER BY ended";
    const rows = this.#sql
      .exec<{ seq: number; ended: number; source: string; target: string }>(query, sid, epoch)
      .toArray();
    const isSame = ({ source, target }: { source: string; target: string }) =>
      to !== "" && target === to && (source === from || source === "" || from === "");
    const row = rows.find(({ ended }) => ended === kind) ?? rows.find(isSame);
    if (row === undefined) return false;
    // Whoever followed it told first.
    const fills = row.source === "" && from !== "" && isSame(row);
    if (fills) this.#sql.exec("UPDATE breaks SET source = ? WHERE seq = ?", from, row.seq);
    if (row.ended === KINDS.apart && kind !== KINDS.apart && (fills || row.source === from)) {
      this.#sql.exec("UPDATE breaks SET ended = ? WHERE seq = ?", kind, row.seq);
      this.#leads(sid, epoch);
    }
    return true;
  }

  /** Whether the next move is known to have come from the same pod: then nobody was served in between. */
  #goesPast({ sid, epoch, from }: Break): boolean {
    const query = "SELECT 1 FROM breaks WHERE sid = ? AND epoch = ? AND ended = ? AND source = ?";
    return from !== "" && this.#sql.exec(query, sid, epoch + 1, KINDS.moved, from).toArray().length > 0;
  }

  /** Where an epoch has brought a session in the end, as the store has it. */
  #target(sid: string, epoch: number): string | undefined {
    const query =
      "SELECT target FROM breaks WHERE sid = ? AND epoch = ? AND ended IN (?, ?) ORDER BY ended DESC LIMIT 1";
    const [last] = this.#sql
      .exec<{ target: string }>(query, sid, epoch, KINDS.moved, KINDS.adopted)
      .toArray();
    return last?.target;
  }

  /** It was from here that the next move left, whatever its teller said. */
  #leads(sid: string, epoch: number): void {
    const from = this.#target(sid, epoch);
    if (from === undefined) return;
    const query = "UPDATE breaks SET source = ? WHERE sid = ? AND epoch = ? AND ended = ? AND target <> ?";
    this.#sql.exec(query, from, sid, epoch + 1, KINDS.moved, from);
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

  /** Of the breaks that are listed: how many there were since a moment, by cause and bin of time. `bin`: its number since the epoch. */
  binned(since: number, step: number): { bin: number; cause: string; count: number }[] {
    return this.#sql
      .exec<{ bin: number; cause: string; count: number }>(
        `SELECT CAST(at / ? AS INTEGER) AS bin, cause, COUNT(*) AS count FROM breaks
         WHERE seq > (SELECT MAX(seq) FROM breaks) - ? AND at >= ? GROUP BY bin, cause ORDER BY bin, cause`,
        step,
        KEPT,
        since,
      )
      .toArray();
  }

  /** Those that are listed and came after a moment, by pool, cause and the pod that was left. */
  since(after: number): { pool: string; cause: Break["cause"]; from: string; count: number }[] {
    return this.#sql
      .exec<{ pool: string; cause: Break["cause"]; from: string; count: number }>(
        `SELECT pool, cause, source AS "from", COUNT(*) AS count FROM breaks
         WHERE seq > (SELECT MAX(seq) FROM breaks) - ? AND at > ? GROUP BY pool, cause, source`,
        KEPT,
        after,
      )
      .toArray();
  }

  /** The newest breaks first, of those before position `before`; the cursor is where the next page begins. */
  breaks(
    limit: number,
    before: number | undefined,
    { pool, sid, cause }: BreakFilter = {},
  ): { breaks: Break[]; cursor: number | null } {
    const rows = this.#sql
      .exec<BreakRow>(
        `SELECT seq, sid, epoch, at, pool, source, target, cause FROM breaks
         WHERE seq > (SELECT MAX(seq) FROM breaks) - ? AND seq < ? AND (? IS NULL OR pool = ?)
           AND (? IS NULL OR sid = ?) AND (? IS NULL OR cause = ?)
         ORDER BY seq DESC LIMIT ?`,
        KEPT,
        before ?? Number.MAX_SAFE_INTEGER,
        ...[pool, sid, cause].flatMap((value) => [value ?? null, value ?? null]),
        limit + 1,
      )
      .toArray();
    const breaks = rows.slice(0, limit).map(({ seq: _, source, target, ...rest }) => ({
      ...rest,
      from: source,
      to: target,
    }));
    return { breaks, cursor: rows.length > limit ? rows[limit - 1]!.seq : null };
  }
}
