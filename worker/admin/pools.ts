import type { Context } from "hono";
import { errorText } from "../../src/events/record.ts";
import { pageOf } from "../../src/model/page.ts";
import { tagFromHex } from "../../src/model/pod.ts";
import type { PodStatus } from "../coordinator/pod-status.ts";
import type { PodChange } from "../coordinator/pods.ts";
import type { Isolate } from "../edge/isolate.ts";
import type { Env } from "../env.ts";
import { log } from "../log.ts";
import { askCoordinator, ok, whoOf } from "./call.ts";
import { countSessions, countShared, freshView } from "./fleet.ts";
import { invalid, noCursor, readDeadline, readObject, readPage } from "./input.ts";

export type AdminContext = Context<{ Bindings: Env }>;

const STATES = ["ready", "draining", "disabled"] as const;
/** As in a config. */
const HEAVIEST = 1_000_000;

/** Pools and pods in one answer. */
const PAGE = 1000;

/** GET /pools: each pool with its policy, how many of its pods are in which state, and its sessions. */
export async function listPools(c: AdminContext, isolate: Isolate): Promise<Response> {
  const page = readPage(c.req.query(), PAGE, PAGE);
  if (page instanceof Response) return page;
  const view = await freshView(isolate, c.executionCtx);
  if (view instanceof Response) return view;
  const found = pageOf(view.pools, ({ pool }) => pool.name, page.limit, page.cursor);
  if (found === undefined) return noCursor(GONE);
  const all = found.items.flatMap(({ pods }) => pods.map(({ pod }) => pod.tag));
  const counts = await countShared(c.req.raw, isolate, all);
  const byTag = new Map(all.map((tag, i) => [tag, counts[i] ?? null]));
  const pools = found.items.map(({ pool, pods, inflight, budget }) => {
    const states: Record<string, number> = {};
    for (const { state } of pods) states[state] = (states[state] ?? 0) + 1;
    return {
      name: pool.name,
      policy: pool.policy.name,
      pods: pods.length,
      states,
      sessions: sum(pods.map(({ pod }) => byTag.get(pod.tag) ?? null)),
      ...(Object.hasOwn(view.weights, pool.name) ? { weight: view.weights[pool.name] } : {}),
      // Of this edge's process alone: no other knows them.
      edge: {
        inFlight: inflight.reduce((all, count) => all + count, 0),
        queued: pods.reduce((all, { line }) => all + (line?.length ?? 0), 0),
        retriesLeft: budget.left(Date.now(), pool.retry.budget),
      },
    };
  });
  return ok({ pools, cursor: found.cursor });
}

/** What a cursor names may leave the config between two pages. */
const GONE = "what it names is not in the config any more: begin anew";

/** GET /pools/{pool}/pods. */
export async function listPods(c: AdminContext, isolate: Isolate, pool: string): Promise<Response> {
  const page = readPage(c.req.query(), PAGE, PAGE);
  if (page instanceof Response) return page;
  const { limit, cursor } = page;
  const query = new URLSearchParams({
    pool,
    limit: String(limit),
    ...(cursor === undefined ? {} : { cursor }),
  });
  const reply = await askCoordinator<{ pods: PodStatus[] | null; cursor: string | null }>(
    isolate,
    `/pods?${query}`,
  );
  if (reply instanceof Response) return reply;
  if (reply.pods === null) return noCursor(GONE);
  const tags = reply.pods.map(({ tag }) => tagFromHex(tag));
  const counts = await countSessions(isolate, tags);
  return ok({ pods: reply.pods.map((pod, i) => shown(pod, counts[i] ?? null)), cursor: reply.cursor });
}

/**
 * PATCH /pools/{pool}/pods/{pod}: what the operator says of it. `weight`: its part of the pool's new sessions, whatever the
 * config says; null takes it back.
 */
export async function patchPod(
  c: AdminContext,
  isolate: Isolate,
  pool: string,
  pod: string,
): Promise<Response> {
  const asked = await readOrder(c.req.raw, "pod", STATES, "draining");
  return asked instanceof Response ? asked : order(c, isolate, { pool, pod, ...asked, who: whoOf(c) });
}

/** A state with a deadline if it is the one that has an end, or a weight, or both. */
interface OrderOf<State> {
  readonly state?: State;
  readonly deadline?: number;
  readonly weight?: number | null;
}

/** What an operator says of a pod or a pool. */
export async function readOrder<State extends string>(
  request: Request,
  noun: string,
  states: readonly State[],
  ending: State,
): Promise<OrderOf<State> | Response> {
  const body = await readObject(request, ["state", "deadline", "weight"]);
  if (body instanceof Response) return body;
  const { weight } = body;
  if (weight === undefined) return orderIn(body, noun, states, ending);
  if (weight !== null && !isWeight(weight)) {
    return invalid("weight", "not a weight", `Write a whole number from 0 to ${HEAVIEST}, or null.`);
  }
  if (body.state === undefined && body.deadline === undefined) return { weight };
  const asked = orderIn(body, noun, states, ending);
  return asked instanceof Response ? asked : { ...asked, weight };
}

function isWeight(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= HEAVIEST;
}

function orderIn<State extends string>(
  body: Record<string, unknown>,
  noun: string,
  states: readonly State[],
  ending: State,
): OrderOf<State> | Response {
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
  const reply = await askCoordinator<{ pod: PodStatus }>(isolate, "/pod", change, c);
  if (reply instanceof Response) return reply;
  await hear(c, isolate, 0);
  return reply.pod;
}

/** This edge holds a change before it says that it is made; the others hear of it with their heartbeat. */
export async function hear(c: AdminContext, isolate: Isolate, seq: number): Promise<void> {
  await isolate.heartbeat
    ?.hear(seq, c.executionCtx)
    .catch((error) => log("view-late", { after: "an order", error: errorText(error) }));
}

function shown(status: PodStatus, sessions: number | null) {
  const { id, pool, state, weight, configWeight, inFlight, since, deadline, health } = status;
  return { id, pool, state, weight, configWeight, sessions, inFlight, since, deadline, health };
}

function sum(counts: readonly (number | null)[]): number | null {
  let total = 0;
  for (const count of counts) {
    if (count === null) return null;
    total += count;
  }
  return total;
}
