import { tagFromHex } from "../../src/model/pod.ts";
import type { PodStatus } from "../coordinator/pod-status.ts";
import type { Isolate } from "../edge/isolate.ts";
import { askCoordinator, ok, whoOf } from "./call.ts";
import { countSessions, storeDown } from "./fleet.ts";
import { readDeadline, readObject, readWait } from "./input.ts";
import { type AdminContext, orderPod } from "./pools.ts";

/** What one call waits at most: proxies in between have limits of their own. Milliseconds. */
const LONGEST = 60_000;
/** How often the sessions that are left are counted. Milliseconds. */
const POLL = 1000;
/**
 * Other edges may still bind a session to the pod for a heartbeat, and then write it: 0 says little before. As long they may
 * send it requests after its deadline. Milliseconds.
 */
const SETTLED = 2500;

/** POST /pools/{pool}/pods/{pod}/drain: drains it unless it is out already, and waits for its last session. */
export async function drainPod(
  c: AdminContext,
  isolate: Isolate,
  pool: string,
  pod: string,
): Promise<Response> {
  const wait = readWait(c.req.query("wait"), LONGEST);
  if (wait instanceof Response) return wait;
  const body = await readObject(c.req.raw, ["deadline"]);
  if (body instanceof Response) return body;
  const deadline = readDeadline(body.deadline ?? c.req.query("deadline"), Date.now());
  if (deadline instanceof Response) return deadline;
  const until = deadline === undefined ? {} : { deadline };
  const change = { pool, pod, state: "draining", once: true, ...until, who: whoOf(c) } as const;
  const status = await orderPod(c, isolate, change);
  return status instanceof Response ? status : progress(c, isolate, status, wait);
}

/** GET /pools/{pool}/pods/{pod}/drained: waits until no session is left, or the deadline of a drain has passed. */
export async function drainedPod(
  c: AdminContext,
  isolate: Isolate,
  pool: string,
  pod: string,
): Promise<Response> {
  const wait = readWait(c.req.query("wait"), LONGEST);
  if (wait instanceof Response) return wait;
  const status = await read(isolate, pool, pod);
  return status instanceof Response ? status : progress(c, isolate, status, wait);
}

async function progress(
  c: AdminContext,
  isolate: Isolate,
  before: PodStatus,
  wait: number,
): Promise<Response> {
  const { signal } = c.req.raw;
  const end = Date.now() + wait;
  const tag = tagFromHex(before.tag);
  const settled = before.state === "ready" ? 0 : (before.since ?? 0) + SETTLED;
  let status = before;
  let sessions: number | null;
  for (;;) {
    [sessions = null] = await countSessions(isolate, [tag]);
    const now = Date.now();
    // A hook that was killed waits for nothing more.
    if (now >= end || signal.aborted || (sessions === 0 && now >= settled)) break;
    if (isOver(status, now)) {
      const found = await read(isolate, before.pool, before.id);
      if (!(found instanceof Response)) status = found;
      // Nothing is sent to it any more, whoever is still counted: no hook need wait for clients that stay away.
      if (status.state !== "draining") break;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(POLL, end - now)));
  }
  if (sessions === null) return storeDown();
  // Its deadline may have passed while this waited; a coordinator that is away says nothing new.
  const after = wait === 0 ? status : await read(isolate, before.pool, before.id);
  const { state, deadline } = after instanceof Response ? status : after;
  return ok({ state, sessions, deadline });
}

/** Whether it drained, and its deadline has passed for every edge. */
function isOver({ state, deadline }: PodStatus, now: number): boolean {
  return state === "draining" && deadline !== null && now >= deadline + SETTLED;
}

async function read(isolate: Isolate, pool: string, pod: string): Promise<PodStatus | Response> {
  const path = `/pod?${new URLSearchParams({ pool, pod })}`;
  const reply = await askCoordinator<{ pod: PodStatus }>(isolate, path);
  return reply instanceof Response ? reply : reply.pod;
}
