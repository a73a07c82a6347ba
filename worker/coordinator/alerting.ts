import type { Tell } from "../../src/events/catalog.ts";
import { type Alert, Alerts, type Change, type Share } from "../../src/metrics/alerts.ts";
import { EVERY, RULES, type RuleName } from "../../src/metrics/rules.ts";
import { feed } from "../../src/metrics/told.ts";
import type { Beat } from "../../src/model/beat.ts";
import { Webhook } from "./webhook.ts";

type AlertRow = { rule: string; pool: string; state: string; value: number; since: number };

/**
 * The alert rules over what heartbeats tell and how pods stand. What is pending or firing outlives a restart on the disk, so
 * that who was told of it hears of its end; the windows do not, and are full again within a minute.
 */
export class Alerting {
  readonly #sql: SqlStorage;
  readonly #tell: Tell;
  readonly #alerts: Alerts;
  readonly #webhook: Webhook;
  #next = Number.POSITIVE_INFINITY;

  /** @param url who is told of each change; undefined: nobody but the log */
  constructor(sql: SqlStorage, url: string | undefined, now: number, tell: Tell) {
    this.#sql = sql;
    this.#tell = tell;
    this.#webhook = new Webhook(sql, url, tell);
    const rows = sql.exec<AlertRow>("SELECT rule, pool, state, value, since FROM alerts").toArray();
    const known = rows.filter(({ rule }) => Object.hasOwn(RULES, rule));
    this.#alerts = new Alerts(known as unknown as Alert[], now);
    if (this.#alerts.busy) this.#next = now;
  }

  /** A heartbeat that was not heard before. */
  take({ counts, tallies = {} }: Pick<Beat, "counts" | "tallies">, now: number): void {
    feed(this.#alerts, counts, tallies, now);
    this.wake(now);
  }

  /** Something may have changed: the rules are evaluated within their period. Whether that is sooner than it was to be. */
  wake(now: number): boolean {
    if (this.#next <= now + EVERY) return false;
    this.#next = now + EVERY;
    return true;
  }

  /** When there is something to do; undefined: nothing. Milliseconds since the epoch. */
  next(): number | undefined {
    const next = Math.min(this.#next, this.#webhook.next() ?? Number.POSITIVE_INFINITY);
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /** Evaluates when it is time. @param pods by pool: those expected, and those of them that are not available */
  step(pods: () => Readonly<Record<string, Share>>, now: number): void {
    if (this.#next === Number.POSITIVE_INFINITY) return;
    // More than a period away it is due by a clock that was put back since.
    if (now < this.#next && this.#next <= now + EVERY) return;
    const standing = pods();
    for (const alert of this.#alerts.evaluate(standing, now)) this.#changed(alert, now);
    const away = Object.values(standing).some(({ bad }) => bad > 0);
    this.#next = this.#alerts.busy || away ? now + EVERY : Number.POSITIVE_INFINITY;
  }

  #changed({ rule, pool, state, value, since, before }: Change, now: number): void {
    if (state === "inactive") this.#sql.exec("DELETE FROM alerts WHERE rule = ? AND pool = ?", rule, pool);
    else {
      this.#sql.exec(
        "INSERT OR REPLACE INTO alerts (rule, pool, state, value, since) VALUES (?, ?, ?, ?, ?)",
        rule,
        pool,
        state,
        value,
        since,
      );
    }
    const told = state === "inactive" ? "resolved" : state;
    const { threshold, summary } = RULES[rule];
    this.#tell(`alert-${told}`, { rule, pool, value, threshold }, now);
    // Whether what is pending comes to anything is not known yet, and where it came to nothing nobody was told.
    if (state === "pending" || (state === "inactive" && before === "pending")) return;
    this.#webhook.put(
      { rule, pool, state: told, value, threshold, summary, at: new Date(now).toISOString() },
      now,
    );
  }

  /** Tells the webhook what it has not heard. Never rejects. Whether there was anything. */
  deliver(now: () => number): Promise<boolean> {
    return this.#webhook.deliver(now);
  }

  /** The rules as they are, and whether the webhook hears of it. */
  rules(now: number) {
    return { rules: this.#alerts.rules(now), webhook: this.#webhook.status() };
  }

  /** By rule, whether it fires anywhere. */
  get firing(): Record<RuleName, boolean> {
    const firing = Object.fromEntries(Object.keys(RULES).map((rule) => [rule, false]));
    for (const { rule, state } of this.#alerts.active) if (state === "firing") firing[rule] = true;
    return firing as Record<RuleName, boolean>;
  }
}
