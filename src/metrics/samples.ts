import { type EdgeEvent, EVENTS } from "../model/beat.ts";
import { CATALOG, type MetricName } from "./catalog.ts";
import type { Sample, Samples } from "./exposition.ts";

/** What the coordinator has added up over all isolates, and how things stand. */
export interface Counts {
  readonly requests: readonly {
    readonly pool: string;
    readonly outcome: string;
    readonly code: number;
    readonly count: number;
  }[];
  readonly causes: readonly { readonly cause: string; readonly count: number }[];
  /** Label values are a JSON list. */
  readonly tallies: readonly { readonly family: string; readonly labels: string; readonly value: number }[];
  readonly gauges: Gauges;
}

export interface Gauges {
  readonly revision: number;
  /** By pool, by state. */
  readonly pods: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** By pool. */
  readonly inflight: Readonly<Record<string, number>>;
  /** Active isolates by the revision that they hold. */
  readonly isolates: Readonly<Record<string, number>>;
  /** Since the oldest last heartbeat of an active isolate; undefined: there is none. Milliseconds */
  readonly silence?: number | undefined;
  /** Isolates whose breaker is open. */
  readonly breakers: number;
  /** Rules of alerts, and whether one fires. */
  readonly alerts: Readonly<Record<string, boolean>>;
}

const FAMILIES: Record<EdgeEvent, MetricName> = {
  retried: "mooring_retries_total",
  "budget-spent": "mooring_retry_budget_exhausted_total",
  queued: "mooring_queued_total",
  "crowded-out": "mooring_queue_refused_total",
  "create-failed": "mooring_sessions_create_failed_total",
};

/** @param sessions live ones by pool; undefined: the store does not answer */
export function samplesOf(counts: Counts, sessions: Readonly<Record<string, number>> | undefined): Samples {
  const samples: Partial<Record<MetricName, Sample[]>> = {};
  const add = (name: MetricName, labels: readonly string[], value: number) => {
    samples[name] ??= [];
    samples[name].push({ labels, value });
  };
  const created = new Map<string, number>();
  for (const { pool, outcome, code, count } of counts.requests) {
    if ((EVENTS as readonly string[]).includes(outcome)) add(FAMILIES[outcome as EdgeEvent], [pool], count);
    else add("mooring_requests_total", [pool, outcome, String(code)], count);
    if (outcome === "bound") created.set(pool, (created.get(pool) ?? 0) + count);
  }
  for (const [pool, count] of created) add("mooring_sessions_created_total", [pool], count);
  for (const { cause, count } of counts.causes) add("mooring_sessions_broken_total", [cause], count);
  for (const { family, labels, value } of counts.tallies) {
    if (Object.hasOwn(CATALOG, family)) add(family as MetricName, JSON.parse(labels) as string[], value);
  }
  const { revision, pods, inflight, isolates, silence, breakers, alerts } = counts.gauges;
  for (const [pool, count] of Object.entries(sessions ?? {})) add("mooring_sessions", [pool], count);
  for (const [pool, states] of Object.entries(pods)) {
    for (const [state, count] of Object.entries(states)) add("mooring_pods", [pool, state], count);
  }
  for (const [pool, count] of Object.entries(inflight)) add("mooring_requests_in_flight", [pool], count);
  for (const [held, count] of Object.entries(isolates)) add("mooring_isolates", [held], count);
  if (silence !== undefined) add("mooring_heartbeat_age_seconds", [], silence / 1000);
  add("mooring_config_revision", [], revision);
  add("mooring_store_breaker_open_isolates", [], breakers);
  for (const [rule, firing] of Object.entries(alerts)) add("mooring_alert_firing", [rule], firing ? 1 : 0);
  // A counter that has not counted yet is 0, and not missing, where it has no labels.
  for (const name of ["mooring_wasm_traps_total", "mooring_store_commands_total"] as const) {
    if (samples[name] === undefined) add(name, [], 0);
  }
  return samples;
}
