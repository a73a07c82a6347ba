import type { Refusal } from "../model/refusal.ts";
import { isRefusal } from "../model/refusal.ts";
import type { Failure } from "./edge.ts";
import { seatNew } from "./fresh.ts";
import type { PodRuntime } from "./pods.ts";
import { connects } from "./probe.ts";
import { BAD_BODY, CONNECT_FAILED, GARBAGE, STALLED, TIMED_OUT, UNREACHABLE } from "./problem.ts";
import { rebind, undo } from "./rebind.ts";

import type { Seat, Trip } from "./trip.ts";

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

const REFUSALS: Record<Failure, Refusal> = {
  connect: CONNECT_FAILED,
  timeout: TIMED_OUT,
  client: BAD_BODY,
  stalled: STALLED,
  garbage: GARBAGE,
};

/** The response and the seat that it came from, or why there is none. */
export interface Delivery {
  readonly seat: Seat;
  readonly response: Response | undefined;
  readonly refusal: Refusal | undefined;
}

/**
 * Step 6: sends the request to its seat, at most twice. Only an idempotent request without a body goes out again; what
 * may have reached a pod stays with that pod.
 */
export async function deliver(trip: Trip, first: Seat, headers: Headers): Promise<Delivery> {
  const { request } = trip;
  const replayable = bodyOf(request) === null && IDEMPOTENT.has(request.method);
  let seat = first;
  const { attempts, on } = seat.pod.pool.pool.retry;
  const retries = replayable && attempts > 1 && on.includes("connect");
  // What will not be sent again must not be spent on a pod that is dead: nothing else would ever move its session.
  if (seat.pod.doubt && !retries && !(await connects(trip, seat.pod))) {
    seat.pod.suspect(trip.now);
    // Nothing was sent yet, so even a POST may go elsewhere.
    const other = await reseat(trip, seat);
    if (isRefusal(other)) return stranded(trip, seat, other);
    seat = other;
  }
  const answer = await send(trip, seat.pod, headers);
  if (typeof answer !== "string") return { seat, response: answer, refusal: undefined };
  if (answer === "connect" && retries) return again(trip, seat, headers);
  if (answer === "connect") takeBack(trip, seat);
  return failed(seat, answer === "connect" && replayable ? UNREACHABLE : REFUSALS[answer]);
}

/** Null also for a body that says of itself that it is empty. */
function bodyOf(request: Request): ReadableStream | null {
  return request.body === null || request.headers.get("content-length") === "0" ? null : request.body;
}

/** The second and last try: at the same pod while that still connects, else at the next one. */
async function again(trip: Trip, seat: Seat, headers: Headers): Promise<Delivery> {
  // One reset moves no session: only a pod that cannot be reached at all loses it.
  const same = seat.outcome === "kept" && (await connects(trip, seat.pod));
  const next = same ? seat : await reseat(trip, seat);
  if (isRefusal(next)) return stranded(trip, seat, next);
  const answer = await send(trip, next.pod, headers);
  if (typeof answer !== "string") return { seat: next, response: answer, refusal: undefined };
  if (!same && answer === "connect") takeBack(trip, next);
  return failed(next, answer === "connect" ? UNREACHABLE : REFUSALS[answer]);
}

/** Another pod for what its pod could not be reached for. */
async function reseat(trip: Trip, seat: Seat): Promise<Seat | Refusal> {
  const { session } = seat;
  const { held, keyed } = trip;
  if (session === undefined || (held === undefined && keyed === undefined)) return seatNew(trip, seat.pod);
  const next = await rebind(trip, session, seat.pod, seat.pod);
  if (isRefusal(next)) return next;
  // No pod has served it yet, so it begins where it comes to lie.
  if (held === undefined) return { ...next, outcome: "bound", from: undefined, cause: undefined };
  // Another had moved it there and said so: from there, then.
  if (seat.from === undefined || seat.own === undefined) return next;
  // Where this edge had moved it to, it was never served: what the client saw is one move from where it was, or none.
  if (next.pod.pod.tag !== seat.own) return { ...next, from: seat.from };
  return { ...next, outcome: "kept", from: undefined, cause: undefined };
}

/** There is no other pod, and the one that it was moved to, if it was, never answered. */
function stranded(trip: Trip, seat: Seat, refusal: Refusal): Delivery {
  takeBack(trip, seat);
  return failed(seat, refusal);
}

/** The pod that this request had moved it to never answered. What others have moved is theirs. */
function takeBack(trip: Trip, seat: Seat): void {
  if (trip.held !== undefined && seat.own !== undefined) undo(trip, seat, trip.held);
}

async function send(trip: Trip, pod: PodRuntime, headers: Headers): Promise<Response | Failure> {
  const { edge, request, target } = trip;
  const { pool } = pod.pool;
  const asked = edge.clock.now();
  pod.take(asked);
  const shipment = {
    pod: pod.pod,
    rest: target.rest,
    method: request.method,
    headers,
    body: bodyOf(request),
    request,
    timeout: pool.timeouts.headers,
  };
  const sent = edge.forwarder.send(shipment, trip.background);
  // A client that goes away ends this request's code, and with it the release: the runtime must see it through.
  if (pod.pool.load) trip.background.waitUntil(sent);
  const answer = await sent;
  const now = edge.clock.now();
  if (typeof answer === "string") {
    pod.release(now);
    // What its client spoiled says nothing of the pod.
    if (answer !== "client" && answer !== "stalled") pod.meter.answered(true);
    if (answer === "connect") {
      pod.suspect(trip.now);
      edge.failed(pod);
    }
    return answer;
  }
  pod.doubt = false;
  pod.served = trip.now;
  pod.meter.answered(answer.status >= 500);
  pod.pool.observe(pod.pod.index, now - asked, now);
  if (pod.pool.load) return edge.forwarder.hold(answer, () => pod.release(edge.clock.now()), trip.background);
  pod.release(now);
  return answer;
}

function failed(seat: Seat, refusal: Refusal): Delivery {
  return { seat, response: undefined, refusal };
}
