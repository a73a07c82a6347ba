import { expose } from "../../src/metrics/exposition.ts";
import { type Counts, samplesOf } from "../../src/metrics/samples.ts";
import type { Isolate } from "../edge/isolate.ts";
import { countSessions } from "./fleet.ts";
import { apiProblem } from "./problem.ts";

/** /_mooring/metrics: what the coordinator has summed up over all isolates, and the sessions that the store has. */
export async function metrics(isolate: Isolate): Promise<Response> {
  const down = apiProblem(
    503,
    "coordinator-down",
    "No metrics now",
    "The coordinator sums the metrics, and is away.",
    { "retry-after": "2" },
  );
  if (isolate.link === undefined) return down;
  const [response, sessions] = await Promise.all([
    isolate.link.call("/counts", {}).catch(() => undefined),
    sessionsByPool(isolate),
  ]);
  if (response === undefined || !response.ok) return down;
  const headers = { "content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store" };
  return new Response(expose(samplesOf((await response.json()) as Counts, sessions)), { headers });
}

/** Undefined while the store does not answer, or this edge has no config. */
async function sessionsByPool(isolate: Isolate): Promise<Record<string, number> | undefined> {
  const pools = isolate.views.current?.pools;
  if (pools === undefined || isolate.edge.guard.open) return undefined;
  const tags = pools.flatMap(({ pods }) => pods.map(({ pod }) => pod.tag));
  const counts = await countSessions(isolate, tags);
  const sessions: Record<string, number> = {};
  let at = 0;
  for (const { pool, pods } of pools) {
    let sum = 0;
    for (let i = 0; i < pods.length; i++) {
      const count = counts[at++] ?? null;
      if (count === null) return undefined;
      sum += count;
    }
    sessions[pool.name] = sum;
  }
  return sessions;
}
