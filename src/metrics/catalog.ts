/**
 * The metric families as data: the exposition, the alert rules for Prometheus and the dashboard are all made of this, so
 * that they cannot drift. A label has few values by its nature: names of config, or words of ours, and never what a client sent.
 */
export interface Metric {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, the last one open. Milliseconds; they are told in seconds. */
  readonly bounds?: readonly number[];
}

/** With 500 among them, as a p99 above 500 ms is a hundredth of the requests above that bound. */
const LATENCY = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000];
const OVERHEAD = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000];

const counter = (help: string, ...labels: string[]): Metric => ({ type: "counter", help, labels });
const gauge = (help: string, ...labels: string[]): Metric => ({ type: "gauge", help, labels });

export const CATALOG = {
  mooring_requests_total: counter(
    "Client requests by pool, outcome and status code; neither admin nor probes.",
    "pool",
    "outcome",
    "code",
  ),
  mooring_request_duration_seconds: {
    type: "histogram",
    help: "From a request's coming to its response's headers, by pool.",
    labels: ["pool"],
    bounds: LATENCY,
  },
  mooring_overhead_duration_seconds: {
    type: "histogram",
    help: "The same less the time that pods took, and waiting for a place at one: what the edge and its store add.",
    labels: ["pool"],
    bounds: OVERHEAD,
  },
  mooring_sessions: gauge(
    "Live sessions by pool, as the store's index has them; absent while it does not answer.",
    "pool",
  ),
  mooring_sessions_created_total: counter("Sessions that began, by pool.", "pool"),
  mooring_sessions_create_failed_total: counter(
    "Requests that would have begun a session and were refused, by pool.",
    "pool",
  ),
  mooring_sessions_broken_total: counter("Sessions that changed their pod or ended, by cause.", "cause"),
  mooring_tokens_sealed_total: counter(
    "Tokens that were sealed, by key id: a secret must be rotated before 2^32.",
    "key",
  ),
  mooring_pods: gauge("Pods of the config, by pool and state.", "pool", "state"),
  mooring_requests_in_flight: gauge(
    "Requests in flight at a pool's pods, by all isolates, smoothed.",
    "pool",
  ),
  mooring_retries_total: counter("Requests sent to a pod once more, by pool.", "pool"),
  mooring_retry_budget_exhausted_total: counter("Retries that the pool's budget did not allow.", "pool"),
  mooring_queued_total: counter("Requests that waited for a place at a pod at its cap.", "pool"),
  mooring_queue_refused_total: counter(
    "Requests that got no place there: the queue was full, or they waited too long.",
    "pool",
  ),
  mooring_ejections_total: counter("Pods that were ejected for the whole fleet, by pool.", "pool"),
  mooring_store_calls_total: counter("Calls to the binding store, by operation and result.", "op", "result"),
  mooring_store_commands_total: counter("Redis commands that were sent, as Upstash bills them."),
  mooring_store_duration_seconds: {
    type: "histogram",
    help: "How long the store took to answer.",
    labels: [],
    bounds: LATENCY,
  },
  mooring_store_breaker_open_isolates: gauge("Isolates that ask the store nothing now, as it has failed."),
  mooring_isolates: gauge("Active isolates, by the revision of config that they hold.", "revision"),
  mooring_config_revision: gauge("The revision of config that is in force."),
  mooring_heartbeat_age_seconds: gauge(
    "Since the last heartbeat of the active isolate that has been silent longest.",
  ),
  mooring_wasm_traps_total: counter("Traps of the WebAssembly core, each answered without it: any is a bug."),
  mooring_alert_firing: gauge("1 while an alert of this rule fires, 0 while none does.", "rule"),
} satisfies Record<string, Metric>;

export type MetricName = keyof typeof CATALOG;
