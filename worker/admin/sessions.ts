import { errorText } from "../../src/events/record.ts";
import type { PodTag } from "../../src/model/pod.ts";
import type { View } from "../../src/route/view.ts";
import { noPod, noPool } from "../coordinator/reply.ts";
import type { Changed } from "../coordinator/sessions.ts";
import type { Isolate } from "../edge/isolate.ts";
import { log } from "../log.ts";
import { askCoordinator, ok, refusal } from "./call.ts";
import { freshView, placesOf, storeDown } from "./fleet.ts";
import { invalid, noCursor, readObject, readPage } from "./input.ts";
import { type AdminContext, hear } from "./pools.ts";
import { apiProblem } from "./problem.ts";
import { sessionView } from "./session-view.ts";

/** GET /sessions: those of all pods, of a pool's or of one. */
export async function getSessions(c: AdminContext, isolate: Isolate): Promise<Response> {
  const { pool, pod, ...rest } = c.req.query();
  const asked = readPage(rest, 100, 1000);
  if (asked instanceof Response) return asked;
  const view = await freshView(isolate, c.executionCtx);
  if (view instanceof Response) return view;
  const pods = podsOf(view, pool, pod);
  if (pods instanceof Response) return pods;
  try {
    const page = await isolate.edge.store.list(pods, Date.now(), asked.limit, asked.cursor);
    const places = placesOf(view);
    const sessions = page.sessions.map((entry) => sessionView(entry, places));
    return ok({ sessions, cursor: page.cursor ?? null });
  } catch (error) {
    return error instanceof RangeError ? noCursor(error.message) : failed(error);
  }
}

/** GET /sessions/{sid}. */
export async function getSession(c: AdminContext, isolate: Isolate, sid: string): Promise<Response> {
  if (!SID.test(sid)) return noSession(sid);
  const view = await freshView(isolate, c.executionCtx);
  if (view instanceof Response) return view;
  try {
    const now = Date.now();
    const binding = await isolate.edge.store.read(sid);
    if (binding === undefined || binding.state !== "A" || binding.exp < now) return noSession(sid);
    const expires = await isolate.edge.store.expires(sid, binding.pod);
    // In no index: it has not been seen for so long that it has ended.
    return expires === undefined || expires < now
      ? noSession(sid)
      : ok(sessionView({ ...binding, expires }, placesOf(view)));
  } catch (error) {
    return failed(error);
  }
}

/** DELETE /sessions/{sid}: revokes it. Done twice it comes to the same. */
export async function deleteSession(c: AdminContext, isolate: Isolate, sid: string): Promise<Response> {
  if (!SID.test(sid)) return noSession(sid);
  const reply = await askCoordinator<Changed>(isolate, "/revoke", { sid }, c);
  if (reply instanceof Response) return reply;
  await hear(c, isolate, reply.seq);
  return ok({ sid, epoch: reply.binding.epoch, cause: "revoked" });
}

/** POST /sessions/{sid}/move: to another pod of its scope. */
export async function moveSession(c: AdminContext, isolate: Isolate, sid: string): Promise<Response> {
  const body = await readObject(c.req.raw, ["pod", "pool"]);
  if (body instanceof Response) return body;
  const { pod, pool } = body;
  if (typeof pod !== "string" || pod === "")
    return invalid("pod", "it is missing", 'Send {"pod": "the id of a pod"}.');
  if (pool !== undefined && typeof pool !== "string")
    return invalid("pool", "not a name", "Leave it out, or name a pool.");
  if (!SID.test(sid)) return noSession(sid);
  const reply = await askCoordinator<Changed>(isolate, "/move", { sid, pod, pool }, c);
  if (reply instanceof Response) return reply;
  await hear(c, isolate, reply.seq);
  const view = await freshView(isolate, c.executionCtx);
  if (view instanceof Response) return view;
  const { binding } = reply;
  const expires = await isolate.edge.store.expires(sid, binding.pod).catch(() => undefined);
  // Moved for certain; when it was last seen the store may tell later.
  return ok(sessionView({ ...binding, expires: expires ?? binding.exp }, placesOf(view)));
}

const SID = /^[0-9a-f]{32}$/;

function noSession(sid: string): Response {
  const detail = SID.test(sid)
    ? "It ended, was revoked, or never was. GET /_mooring/v1/sessions lists those that are live."
    : "A sid is 32 lower-case hex digits. GET /_mooring/v1/sessions lists those that are live.";
  return apiProblem(404, "no-such-session", `There is no session ${sid.slice(0, 64)}`, detail);
}

function failed(error: unknown): Response {
  log("store-unread", { call: "sessions", error: errorText(error) });
  return storeDown();
}

/** The pods that are asked for, with those that left the config: sessions may be bound to them still. */
function podsOf(view: View, pool: string | undefined, pod: string | undefined): PodTag[] | Response {
  const present = view.pools.flatMap(({ pods }) => pods.map((runtime) => runtime.pod));
  const all = [...present, ...view.departed.values()];
  if (
    pool &&
    !view.pools.some((found) => found.pool.name === pool) &&
    !all.some((one) => one.pool === pool)
  ) {
    return refusal(noPool(pool));
  }
  const found = all.filter((one) => (!pool || one.pool === pool) && (!pod || one.id === pod));
  if (pod && found.length === 0) {
    if (pool) return refusal(noPod(pool, pod));
    const title = `There is no pod ${JSON.stringify(pod)}`;
    return apiProblem(404, "no-such-pod", title, "GET /_mooring/v1/pools lists the pools.");
  }
  return found.map(({ tag }) => tag);
}
