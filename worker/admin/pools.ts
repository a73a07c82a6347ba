import type { Context } from "hono";
import { tagFromHex } from "../../src/model/pod.ts";
import type { PodChange, PodStatus } from "../coordinator/pods.ts";
import type { Isolate } from "../edge/isolate.ts";
import type { Env } from "../env.ts";
import { askCoordinator, ok } from "./call.ts";
import { countSessions, freshView } from "./fleet.ts";
import { invalid, readDeadline, readObject } from "./input.ts";

export type AdminContext = Context<{ Bindings: Env }>;

const STATES = ["ready", "draining", "disabled"] as const;

/** GET /pools: each pool with its policy, how many of its pods are in which state, and its sessions. */
export async function listPools(c: AdminContext, isolate: Isolate): Promise<Response> {
  const view = await freshView(isolate, c.executionCtx);
  if (view instanceof Response) return view;
  const all = view.pools.flatMap(({ pods }) => pods.map(({ pod }) => pod.tag));
  const counts = await countSessions(isolate, all);
  const byTag = new Map(all.map((tag, i) => [tag, counts[i] ?? null]));
  const pools = view.pools.map(({ pool, pods, inflight, budget }) => {
    const states: Record<string, number> = {};
    for (const { state } of pods) states[state] = (states[state] ?? 0) + 1;
    return {
      name: pool.name,
      policy: pool.policy.name,
      pods: pods.length,
      states,
      sessions: sum(pods.map(({ pod }) => byTag.get(pod.tag) ?? null)),
      // Of this edge's process alone: no other knows them.
      edge: {
        inFlight: inflight.reduce((all, count) => all + count, 0),
        queued: pods.reduce((all, { line }) => all + (line?.length ?? 0), 0),
        retriesLeft: budget.left(Date.now(), pool.retry.budget),
      },
    };
  });
  return ok({ pools });
}

/** GET /pools/{pool}/pods. */
export async function listPods(isolate: Isolate, pool: string): Promise<Response> {
  const path = `/pods?${new URLSearchParams({ pool })}`;
  const reply = await askCoordinator<{ pods: PodStatus[] }>(isolate, path);
  if (reply instanceof Response) return reply;
  const tags = reply.pods.map(({ tag }) => tagFromHex(tag));
  const counts = await countSessions(isolate, tags);
  return ok({ pods: reply.pods.map((pod, i) => shown(pod, counts[i] ?? null)) });
}

/** PATCH /pools/{pool}/pods/{pod}: what the operator says of it. */
export async function patchPod(
  c: AdminContext,
  isolate: Isolate,
  pool: string,
  pod: string,
): Promise<Response> {
  const asked = await readOrder(c.req.raw, "pod", STATES, "draining", { weight: WEIGHT });
  return asked instanceof Response ? asked : order(c, isolate, { pool, pod, ...asked, who: "admin" });
}

const WEIGHT = "A pod's weight is changed in the config: GET it, change the weight, PUT it.";

/** What an operator says of a pod or a pool: a state, and a deadline if it is the one that has an end. */
export async function readOrder<State extends string>(
  request: Request,
  noun: string,
  states: readonly State[],
  ending: State,
  hints: Readonly<Record<string, string>> = {},
): Promise<{ readonly state: State; readonly deadline?: number } | Response> {
  const body = await readObject(request, ["state", "deadline"], hints);
  if (body instanceof Response) return body;
  const state = states.find((name) => name === body.state);
  if (state === undefined) {
    const message = body.state === undefined ? "it is missing" : `${JSON.stringify(body.state)} is no state`;
    return invalid("state", message, `Write one of: ${states.join(", ")}.`);
  }
  const deadline = readDeadline(body.deadline, Date.now());
  if (deadline instanceof Response) return deadline;
  if (deadline === undefined) return { state };
  if (state === ending) return { state, deadline };
  const hint = `Leave it out, or write "state": "${ending}".`;
  return invalid("deadline", `a ${noun} that is ${state} has none`, hint);
}

async function order(c: AdminContext, isolate: Isolate, change: PodChange): Promise<Response> {
  const status = await orderPod(c, isolate, change);
  if (status instanceof Response) return status;
  const [sessions = null] = await countSessions(isolate, [tagFromHex(status.tag)]);
  return ok(shown(status, sessions));
}

/** Has the coordinator take an order, and this edge obey it before anybody hears that it stands. */
export async function orderPod(
  c: AdminContext,
  isolate: Isolate,
  change: PodChange,
): Promise<PodStatus | Response> {
  const reply = await askCoordinator<{ pod: PodStatus }>(isolate, "/pod", change);
  if (reply instanceof Response) return reply;
  await hear(c, isolate, 0);
  return reply.pod;
}

/** This edge holds a change before it says that it is made; the others hear of it with their heartbeat. */
export async function hear(c: AdminContext, isolate: Isolate, seq: number): Promise<void> {
  await isolate.heartbeat
    ?.hear(seq, c.executionCtx)
    .catch((error) => console.warn(`after a change: ${error instanceof Error ? error.message : error}`));
}

function shown(status: PodStatus, sessions: number | null) {
  const { id, pool, state, weight, inFlight, since, deadline, health } = status;
  return { id, pool, state, weight, sessions, inFlight, since, deadline, health };
}

function sum(counts: readonly (number | null)[]): number | null {
  let total = 0;
  for (const count of counts) {
    if (count === null) return null;
    total += count;
  }
  return total;
}
