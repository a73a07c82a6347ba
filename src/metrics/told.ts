import { EVENTS, type RequestCount, type Tallies } from "../model/beat.ts";
import type { Alerts, Counted, Share } from "./alerts.ts";
import { CATALOG } from "./catalog.ts";
import { SLOW } from "./rules.ts";
import { SUM } from "./timings.ts";

const DURATION = "mooring_request_duration_seconds";
const SLOW_FROM = CATALOG[DURATION].bounds.indexOf(SLOW) + 1;

/** What a heartbeat told, as the alert rules count it. */
export function feed(alerts: Alerts, counts: readonly RequestCount[], tallies: Tallies, now: number): void {
  const shares = new Map<Counted, Map<string, Share>>();
  const add = (rule: Counted, pool: string, all: number, bad: number) => {
    const of = shares.get(rule) ?? new Map<string, Share>();
    shares.set(rule, of);
    const share = of.get(pool) ?? { all: 0, bad: 0 };
    of.set(pool, { all: share.all + all, bad: share.bad + bad });
  };
  for (const { pool, outcome, code, count } of counts) {
    if (outcome === "create-failed") add("session-creation", pool, count, count);
    if ((EVENTS as readonly string[]).includes(outcome)) continue;
    add("error-rate", pool, count, code >= 500 ? count : 0);
    if (outcome === "bound") add("session-creation", pool, count, 0);
  }
  for (const [labels, count] of Object.entries(tallies[DURATION] ?? {})) {
    const [pool = "", bucket] = JSON.parse(labels) as string[];
    if (bucket !== SUM) add("slow-requests", pool, count, Number(bucket) >= SLOW_FROM ? count : 0);
  }
  for (const [rule, of] of shares) for (const [pool, share] of of) alerts.add(rule, pool, share, now);
}
