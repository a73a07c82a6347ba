import type { Context } from "hono";
import { Hono } from "hono/tiny";
import { stackText } from "../src/events/record.ts";
import { identify } from "../src/route/client.ts";
import { getAlerts } from "./admin/alerts.ts";
import { getAudit, noteRefusal } from "./admin/audit.ts";
import { holders, requires, type Scope } from "./admin/auth.ts";
import { getConfig, getHistory, putConfig, rollbackConfig } from "./admin/config.ts";
import { getDoctor } from "./admin/doctor.ts";
import { door } from "./admin/door.ts";
import { drainedPod, drainPod } from "./admin/drain.ts";
import { getEvents } from "./admin/events.ts";
import { getTraces, postExplain } from "./admin/explain.ts";
import { getLedger } from "./admin/ledger.ts";
import { metrics } from "./admin/metrics.ts";
import { getOpenapi } from "./admin/openapi.ts";
import { postPlan } from "./admin/plan.ts";
import { patchPool } from "./admin/pool.ts";
import { listPods, listPools, patchPod } from "./admin/pools.ts";
import { apiProblem } from "./admin/problem.ts";
import { deleteRebalance, getRebalance, postRebalance } from "./admin/rebalance.ts";
import { deleteSession, getSession, getSessions, moveSession } from "./admin/sessions.ts";
import { type Isolate, theIsolate } from "./edge/isolate.ts";
import type { Env } from "./env.ts";
import { log } from "./log.ts";

type AppContext = Context<{ Bindings: Env }>;

/** Everything under /_mooring: never proxied to a pod. */
export const app = new Hono<{ Bindings: Env }>();

export const isolateOf = async (c: AppContext): Promise<Isolate> => theIsolate(c.env, c.executionCtx);
/** Whom failed logins are counted against: the client as routes see it, never by a header that it wrote itself. */
export const client = async (c: AppContext): Promise<string> => {
  const known = holders.get(c.req.raw);
  if (known !== undefined) return known.client;
  const { edge, views } = await isolateOf(c);
  const trusted = views.current?.snapshot.trustedProxies ?? [];
  const { ip } = identify(c.req.raw.headers, edge.peer(c.req.raw), false, trusted);
  return ip ?? "unknown";
};

app.use("/_mooring/*", door(client));

app.get("/_mooring/livez", (c) => c.text("ok\n"));

/** Ready: a config is held and tokens can be sealed. A store that is down does not count: traffic goes on without it. */
app.get("/_mooring/readyz", async (c) => {
  const isolate = await isolateOf(c);
  const view = await isolate.freshness.view(Date.now(), c.executionCtx);
  const missing: string[] = [];
  if (isolate.badSecret !== undefined) missing.push(`${isolate.badSecret} is missing or too short`);
  if (view === undefined) missing.push("no config was ever seen");
  // A store takes no edge out of service, as traffic goes on without it; a mistake in its settings is told all the same.
  if (missing.length === 0)
    return c.text(isolate.badStore === undefined ? "ok\n" : `ok, but ${isolate.badStore}\n`);
  return apiProblem(503, "not-ready", "Not ready", `${missing.join("; ")}.`);
});

app.get("/_mooring/openapi.json", () => getOpenapi());
app.get("/_mooring/metrics", requires("read", client), async (c) => metrics(await isolateOf(c)));
const V1 = "/_mooring/v1";
const REBALANCE = `${V1}/pools/:pool/rebalance`;
const POD = `${V1}/pools/:pool/pods/:pod`;
/** Guards of a call by what it may do and what its query may hold. */
const guard =
  (scope: Scope) =>
  (...query: readonly string[]) =>
    requires(scope, client, { query, refused: async (c) => noteRefusal(c, await isolateOf(c)) });
const [read, drain, write] = [guard("read"), guard("drain"), guard("write")];
const PAGE = ["limit", "cursor"] as const;

app.get(`${V1}/config`, read(), async (c) => getConfig(await isolateOf(c)));
app.put(`${V1}/config`, write(), async (c) => putConfig(c, await isolateOf(c)));
app.get(`${V1}/config/history`, read(...PAGE), async (c) => getHistory(c, await isolateOf(c)));

app.post(`${V1}/config/rollback`, write(), async (c) => rollbackConfig(c, await isolateOf(c)));
app.post(`${V1}/plan`, read(...PAGE), async (c) => postPlan(c, await isolateOf(c)));
app.get(`${V1}/traces`, read(...PAGE), async (c) => getTraces(c, await isolateOf(c)));
app.post(`${V1}/explain`, read(), async (c) => postExplain(c, await isolateOf(c)));

app.get(`${V1}/pools`, read(...PAGE), async (c) => listPools(c, await isolateOf(c)));
app.patch(`${V1}/pools/:pool`, write(), async (c) => patchPool(c, await isolateOf(c), c.req.param("pool")));
app.get(REBALANCE, read(), async (c) => getRebalance(await isolateOf(c), c.req.param("pool")));
app.post(REBALANCE, write(), async (c) => postRebalance(c, await isolateOf(c), c.req.param("pool")));
app.delete(REBALANCE, write(), async (c) => deleteRebalance(c, await isolateOf(c), c.req.param("pool")));
app.get(`${V1}/pools/:pool/pods`, read(...PAGE), async (c) =>
  listPods(c, await isolateOf(c), c.req.param("pool")),
);
app.patch(POD, write(), async (c) =>
  patchPod(c, await isolateOf(c), c.req.param("pool"), c.req.param("pod")),
);
app.post(`${POD}/drain`, drain("wait", "deadline"), async (c) =>
  drainPod(c, await isolateOf(c), c.req.param("pool"), c.req.param("pod")),
);
app.get(`${POD}/drained`, read("wait"), async (c) =>
  drainedPod(c, await isolateOf(c), c.req.param("pool"), c.req.param("pod")),
);

app.get(`${V1}/sessions`, read("pool", "pod", ...PAGE), async (c) => getSessions(c, await isolateOf(c)));
app.get(`${V1}/sessions/:sid`, read(), async (c) => getSession(c, await isolateOf(c), c.req.param("sid")));
app.delete(`${V1}/sessions/:sid`, write(), async (c) =>
  deleteSession(c, await isolateOf(c), c.req.param("sid")),
);
app.post(`${V1}/sessions/:sid/move`, write(), async (c) =>
  moveSession(c, await isolateOf(c), c.req.param("sid")),
);
app.get(`${V1}/ledger`, read("pool", "sid", "cause", ...PAGE), async (c) => getLedger(c, await isolateOf(c)));
app.get(`${V1}/events`, read("kinds", ...PAGE), async (c) => getEvents(c, await isolateOf(c)));
app.get(`${V1}/alerts`, read(), async (c) => getAlerts(await isolateOf(c)));
app.get(`${V1}/doctor`, read(), async (c) => getDoctor(c.req.raw, await isolateOf(c)));
app.get(`${V1}/audit`, read(...PAGE), async (c) => getAudit(c, await isolateOf(c)));

/** Another method than those that a path takes is told which they are. */
const allowed = new Map<string, Set<string>>();
for (const { path, method } of app.routes) {
  if (method === "ALL") continue;
  const methods = allowed.get(path) ?? new Set();
  allowed.set(path, methods.add(method));
  if (method === "GET") methods.add("HEAD");
}
for (const [path, methods] of allowed) {
  app.all(path, () => {
    const allow = [...methods].join(", ");
    return apiProblem(405, "method", "This method is not allowed here", `This path takes ${allow}.`, {
      allow,
    });
  });
}

app.notFound(() =>
  apiProblem(404, "not-found", "Nothing is here", "See the documentation of the admin API."),
);
app.onError((error) => {
  log("bug", { where: "admin", error: stackText(error) });
  return apiProblem(500, "internal", "Something went wrong here", "The log of the worker says what.");
});
