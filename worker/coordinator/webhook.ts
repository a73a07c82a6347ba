import type { Tell } from "../../src/events/catalog.ts";

/** What one call may take. Milliseconds. */
const TIMEOUT = 5000;
/** Until the first further try, twice as long until each next one, up to the longest. Milliseconds. */
const FIRST = 2000;
const LONGEST = 5 * 60_000;
/** What could not be told for so long is told no more. Milliseconds. */
const GIVE_UP = 24 * 3600 * 1000;
/** Words that wait at most; the oldest goes first. */
const MOST = 1000;

/** Where to, and as whom. */
interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Row = { seq: number; at: number; body: string; tries: number; next: number };

/**
 * Tells one url of each change, in their order, by POST of JSON, until it answers 2xx. What waits is on the disk. One that
 * hangs or refuses holds up nothing but its own next words.
 */
export class Webhook {
  readonly #sql: SqlStorage;
  readonly #target: Target | undefined;
  readonly #tell: Tell;
  #busy = false;

  constructor(sql: SqlStorage, url: string | undefined, tell: Tell) {
    this.#sql = sql;
    this.#tell = tell;
    this.#target = url === undefined ? undefined : targetOf(url);
    if (url !== undefined && this.#target === undefined) {
      const error = "it is no http or https url: nobody is told of alerts";
      tell("setting-refused", { name: "MOORING_ALERT_WEBHOOK", error });
    }
  }

  put(body: object, now: number): void {
    if (this.#target === undefined) return;
    const text = JSON.stringify({ version: 1, ...body });
    this.#sql.exec("INSERT INTO outbox (at, body, tries, next) VALUES (?, ?, 0, ?)", now, text, now);
    this.#sql.exec("DELETE FROM outbox WHERE seq <= (SELECT MAX(seq) FROM outbox) - ?", MOST);
  }

  /** When it is to be tried; undefined: nothing waits, or a try is on its way. Milliseconds since the epoch. */
  next(): number | undefined {
    return this.#busy || this.#target === undefined ? undefined : this.#first()?.next;
  }

  /** What waits, and how often the first of it was tried in vain. */
  status(): { readonly url: boolean; readonly waiting: number; readonly tries: number } {
    const [{ count } = { count: 0 }] = this.#sql
      .exec<{ count: number }>("SELECT COUNT(*) AS count FROM outbox")
      .toArray();
    return { url: this.#target !== undefined, waiting: count, tries: this.#first()?.tries ?? 0 };
  }

  /** Tells what is due, one after the other. Never rejects. Whether anything was. */
  async deliver(now: () => number): Promise<boolean> {
    if (this.#busy || this.#target === undefined) return false;
    this.#busy = true;
    let any = false;
    try {
      for (;;) {
        const row = this.#first();
        // Farther away than any pause it is due by a clock that was put back since.
        if (row === undefined || (row.next > now() && row.next <= now() + LONGEST)) return any;
        any = true;
        const why = await post(this.#target, row.body);
        const over = why === undefined || now() - row.at > GIVE_UP;
        if (over) this.#sql.exec("DELETE FROM outbox WHERE seq = ?", row.seq);
        else {
          const pause = Math.min(FIRST * 2 ** row.tries, LONGEST);
          this.#sql.exec(
            "UPDATE outbox SET tries = tries + 1, next = ? WHERE seq = ?",
            now() + pause,
            row.seq,
          );
        }
        // The url may hold a secret, and so may what it answers.
        if (why !== undefined) this.#tell("webhook-failed", { error: why, try: row.tries + 1, over });
      }
    } finally {
      this.#busy = false;
    }
  }

  #first(): Row | undefined {
    return this.#sql
      .exec<Row>("SELECT seq, at, body, tries, next FROM outbox ORDER BY seq LIMIT 1")
      .toArray()[0];
  }
}

/** Undefined for what is no http or https url. */
function targetOf(text: string): Target | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  const { username, password } = url;
  url.username = "";
  url.password = "";
  if (username === "" && password === "") return { url: url.href, headers: {} };
  // The platform leaves out who a url says is calling, and the receiver would refuse each call.
  const name = new TextEncoder().encode(`${decoded(username)}:${decoded(password)}`);
  return { url: url.href, headers: { authorization: `Basic ${btoa(String.fromCharCode(...name))}` } };
}

/** A percent sign that escapes nothing stands for itself. */
function decoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escaped) => {
    const bytes = Uint8Array.from(escaped.slice(1).split("%"), (hex) => Number.parseInt(hex, 16));
    return new TextDecoder().decode(bytes);
  });
}

/** Why it was not heard; undefined: it was. */
async function post({ url, headers }: Target, body: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: { ...headers, "content-type": "application/json", "user-agent": "mooring-alerts" },
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT),
    });
    await response.body?.cancel();
    return response.ok ? undefined : `it answered ${response.status}`;
  } catch (error) {
    return error instanceof Error && error.name === "TimeoutError"
      ? "no answer in time"
      : "it cannot be reached";
  }
}
