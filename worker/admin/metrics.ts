import { expose, type Family } from "../../src/metrics/exposition.ts";
import { type EdgeEvent, EVENTS } from "../../src/model/beat.ts";
import type { Isolate } from "../edge/isolate.ts";
import { apiProblem } from "./problem.ts";

interface Counts {
  readonly requests: readonly { pool: string; outcome: string; code: number; count: number }[];
  readonly causes: readonly { cause: string; count: number }[];
}

/** What is counted beside the outcomes, as families. */
const EVENT_FAMILIES: Record<EdgeEvent, readonly [name: string, help: string]> = {
  retried: ["retries", "Requests sent to a pod once more, by pool."],
  "budget-spent": ["retry_budget_exhausted", "Retries that the pool's budget did not allow."],
  queued: ["queued", "Requests that waited for a place at a pod at its cap."],
  "crowded-out": [
    "queue_refused",
    "Requests that got no place there: the queue was full, or they waited too long.",
  ],
};

/** /_mooring/metrics: what the coordinator has summed up over all isolates. */
export async function metrics(isolate: Isolate): Promise<Response> {
  const down = apiProblem(
    503,
    "coordinator-down",
    "No metrics now",
    "The coordinator sums the metrics, and is away.",
    { "retry-after": "2" },
  );
  if (isolate.link === undefined) return down;
  const response = await isolate.link.call("/counts", {}).catch(() => undefined);
  if (response === undefined || !response.ok) return down;
  const { requests, causes } = (await response.json()) as Counts;
  const families: Family[] = [
    {
      name: "mooring_requests_total",
      help: "Client requests by pool, outcome and status code; neither admin nor probes.",
      type: "counter",
      samples: requests
        .filter(({ outcome }) => !(EVENTS as readonly string[]).includes(outcome))
        .map(({ pool, outcome, code, count }) => ({
          labels: { pool, outcome, code: String(code) },
          value: count,
        })),
    },
    ...EVENTS.map(
      (event): Family => ({
        name: `mooring_${EVENT_FAMILIES[event][0]}_total`,
        help: EVENT_FAMILIES[event][1],
        type: "counter",
        samples: requests
          .filter(({ outcome }) => outcome === event)
          .map(({ pool, count }) => ({ labels: { pool }, value: count })),
      }),
    ),
    {
      name: "mooring_sessions_broken_total",
      help: "Sessions that changed their pod or ended, by cause.",
      type: "counter",
      samples: causes.map(({ cause, count }) => ({ labels: { cause }, value: count })),
    },
  ];
  const headers = { "content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store" };
  return new Response(expose(families), { headers });
}
