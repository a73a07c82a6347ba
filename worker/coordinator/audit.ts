import type { Tell } from "../../src/events/catalog.ts";
import { errorText } from "../../src/events/record.ts";

/** Header in which an edge says who asks for a change, and with which request of the admin API: an {@link Author} as JSON. */
export const AUTHOR = "mooring-author";

/** Changes that are listed. */
const KEPT = 10_000;
/** Characters of a path that are kept. */
const LONGEST = 300;

/** Who asks, and how. */
export interface Author {
  /** The name of the token: `admin` or `drain`. */
  readonly who: string;
  /** The address that the request came from, as far as it is known. */
  readonly client: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
}

/** A change that was asked for and what came of it. */
export interface AuditEntry extends Author {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** 200 when it was done, else why it was not; null when a crash cut it short, so that it may have been done. */
  readonly status: number | null;
  /** What was ordered, or the revision that was written: never a config, which may hold secrets. */
  readonly change: Readonly<Record<string, unknown>>;
}

type Row = {
  seq: number;
  at: number;
  who: string;
  client: string;
  method: string;
  path: string;
  status: number | null;
  change: string;
};

/** The last changes that were asked for, on the coordinator's disk. */
export class Audit {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Before it is done: no change is made that is not in the list. */
  begin({ who, client, method, path }: Author, change: object, now: number): number {
    const { seq } = this.#sql
      .exec<{ seq: number }>(
        "INSERT INTO audit (at, who, client, method, path, change) VALUES (?, ?, ?, ?, ?, ?) RETURNING seq",
        ...[now, who, client, method, path.slice(0, LONGEST), JSON.stringify(change)],
      )
      .one();
    this.#sql.exec("DELETE FROM audit WHERE seq <= ?", seq - KEPT);
    return seq;
  }

  end(seq: number, status: number, change: object): void {
    this.#sql.exec(
      "UPDATE audit SET status = ?, change = ? WHERE seq = ?",
      status,
      JSON.stringify(change),
      seq,
    );
  }

  /** The newest first, of those before position `before`; the cursor is where the next page begins. */
  page(limit: number, before: number): { entries: AuditEntry[]; cursor: number | null } {
    const rows = this.#sql
      .exec<Row>(
        `SELECT seq, at, who, client, method, path, status, change FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
        ...[before, limit + 1],
      )
      .toArray();
    const entries = rows.slice(0, limit).map(({ seq: _, change, ...rest }) => ({
      ...rest,
      change: JSON.parse(change) as AuditEntry["change"],
    }));
    return { entries, cursor: rows.length > limit ? rows[limit - 1]!.seq : null };
  }
}

/** Serves a request; one that an author signed is written down, with what became of it. */
export async function audited(
  audit: Audit,
  request: Request,
  tell: Tell,
  serve: (request: Request) => Promise<Response>,
): Promise<Response> {
  const author = request.headers.get(AUTHOR);
  if (author === null) return serve(request);
  const config = request.method === "PUT";
  // A config is not an order of a few words, and its pods' urls may hold passwords.
  const {
    who: _,
    sid: __,
    ...order
  } = config ? {} : ((await request.clone().json()) as Record<string, unknown>);
  const seq = audit.begin(JSON.parse(author) as Author, order, Date.now());
  let status = 500;
  let change: object = order;
  try {
    const response = await serve(request);
    if (response.ok) {
      const reply = (await response.clone().json()) as { ok: boolean; status?: number; revision?: number };
      status = reply.ok ? 200 : (reply.status ?? 500);
      if (reply.ok && reply.revision !== undefined) change = { ...order, written: reply.revision };
    }
    return response;
  } finally {
    try {
      audit.end(seq, status, change);
    } catch (error) {
      // What was done is done, and told: the entry goes on saying that it may have been.
      tell("audit-unwritten", { error: errorText(error) });
    }
  }
}
