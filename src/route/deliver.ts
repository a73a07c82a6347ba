import type { RetryConfig } from "../model/pool.ts";
import type { Refusal } from "../model/refusal.ts";
import { isRefusal } from "../model/refusal.ts";
import { accuse } from "./accuse.ts";
import { type Attempts, again, gaveUp, instead } from "./again.ts";
import type { Failure, Shipment } from "./edge.ts";
import { undo } from "./errand.ts";
import { forsaken } from "./gone.ts";
import type { PodRuntime } from "./pods.ts";
import { connects } from "./probe.ts";
import {
  BAD_BODY,
  BUSY,
  CONNECT_FAILED,
  GARBAGE,
  NO_POD,
  STALLED,
  TIMED_OUT,
  UNREACHABLE,
} from "./problem.ts";
import { tend } from "./socket.ts";
import { type Terms, termsAt } from "./terms.ts";
import type { Seat, Trip } from "./trip.ts";
import { turn } from "./turn.ts";
import { unsized } from "./unsized.ts";

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
/** A body up to this length is held where the pool asks for it. Bytes. */
const SHORT = 64 * 1024;

/** Of what cannot be sent again. */
const NEVER: Pick<RetryConfig, "attempts" | "on"> = { attempts: 1, on: [] };

/** `busy`: its pod was at its cap, and no place became free. */
const REFUSALS: Record<Failure | "busy", Refusal> = {
  connect: CONNECT_FAILED,
  timeout: TIMED_OUT,
  client: BAD_BODY,
  stalled: STALLED,
  garbage: GARBAGE,
  busy: BUSY,
};

/** The response and the seat that it came from, or why there is none. */
export interface Delivery {
  readonly seat: Seat;
  readonly response: Response | undefined;
  readonly refusal: Refusal | undefined;
}

/**
 * Step 6: sends the request to its seat, and again within what its pool allows. Only an idempotent request whose body is
 * none, or held, goes out again; what may have reached a pod stays with that pod.
 */
export function deliver(trip: Trip, seat: Seat, headers: Shipment["headers"]): Promise<Delivery> {
  const { request } = trip;
  const terms = termsAt(trip.route, seat.pod);
  seat.pod.pool.budget.count(trip.now);
  if (request.body !== null || !IDEMPOTENT.has(request.method)) {
    return deliverWhole(trip, seat, terms, headers);
  }
  const { retry } = terms;
  if (seat.pod.doubt && !(retry.attempts > 1 && retry.on.includes("connect"))) {
    return deliverWhole(trip, seat, terms, headers);
  }
  // What most requests are awaits the pod's answer, and nothing between.
  return send(trip, seat.pod, terms, headers, null).then((answer) =>
    typeof answer === "string"
      ? recover(trip, seat, headers, null, answer, retry)
      : { seat, response: answer, refusal: undefined },
  );
}

async function deliverWhole(
  trip: Trip,
  first: Seat,
  { retry, timeouts }: Terms,
  headers: Shipment["headers"],
): Promise<Delivery> {
  const { request } = trip;
  const repeatable = IDEMPOTENT.has(request.method) || retry.methods.includes(request.method);
  let body: Shipment["body"] = bodyOf(request);
  if (body !== null && isUnsized(request)) {
    const refusal = await unsized(trip, body, timeouts.headers);
    if (refusal !== undefined) return failed(first, refusal);
    body = null;
  }
  if (body !== null && repeatable && isHeld(retry, request)) {
    const held = await trip.edge.forwarder.gather(body, timeouts.headers, trip.background);
    if (typeof held === "string") return failed(first, REFUSALS[held]);
    body = held;
  }
  const replayable = repeatable && (body === null || body instanceof Uint8Array);
  let seat = first;
  // What will not be sent again must not be spent on a pod that is dead: nothing else would ever move its session.
  const retries = replayable && retry.attempts > 1 && retry.on.includes("connect");
  if (seat.pod.doubt && !retries && !(await connects(trip, seat.pod))) {
    seat.pod.suspect(trip.now);
    // Nothing was sent yet, so even a POST may go elsewhere.
    const other = await instead(trip, seat);
    if (other === undefined || isRefusal(other)) return stranded(trip, seat, other ?? UNREACHABLE);
    seat = other;
  }
  const answer = await send(trip, seat.pod, termsAt(trip.route, seat.pod), headers, body);
  if (typeof answer !== "string") return { seat, response: answer, refusal: undefined };
  if (answer === "connect") gaveUp(trip, seat, { moved: seat !== first });
  return recover(trip, seat, headers, body, answer, replayable ? retry : NEVER);
}

/** The further tries. A session's pool says how many: another side of a split would not make them more. */
async function recover(
  trip: Trip,
  first: Seat,
  headers: Shipment["headers"],
  body: Shipment["body"],
  failure: Failure | "busy",
  retry: Pick<RetryConfig, "attempts" | "on">,
): Promise<Delivery> {
  const attempts: Attempts = { failed: [], moved: false };
  let seat = first;
  let why = failure;
  for (let count = 1; ; count++) {
    const next =
      count < retry.attempts && isTriedAgain(why, retry) && hasTime(trip, seat.pod)
        ? await again(trip, seat, why, attempts)
        : undefined;
    if (next === undefined || isRefusal(next)) {
      // That there is no other pod says less of a slow one than that it was slow.
      if (why !== "connect") return failed(seat, REFUSALS[why]);
      // To say that every pod is down, when the one that was tried cannot be reached, would be to say more than is known.
      if (next !== undefined && next !== NO_POD) return stranded(trip, seat, next);
      return stranded(trip, seat, retry === NEVER ? CONNECT_FAILED : UNREACHABLE);
    }
    seat = next;
    const answer = await send(trip, seat.pod, termsAt(trip.route, seat.pod), headers, body);
    if (typeof answer !== "string") return { seat, response: answer, refusal: undefined };
    why = answer;
    gaveUp(trip, seat, attempts);
  }
}

function isTriedAgain(
  why: Failure | "busy",
  { on }: Pick<RetryConfig, "on">,
): why is RetryConfig["on"][number] {
  return (why === "connect" || why === "timeout") && on.includes(why);
}

/** A session must not move for a try that will not come about. */
function hasTime({ edge, now, route }: Trip, pod: PodRuntime): boolean {
  const { total } = termsAt(route, pod).timeouts;
  return total === undefined || edge.clock.now() < now + total;
}

/** Null also for a body that says of itself that it is empty. */
function bodyOf(request: Request): ReadableStream | null {
  return request.body === null || request.headers.get("content-length") === "0" ? null : request.body;
}

/** A body whose length nobody has stated, where the runtime would drop it. */
function isUnsized({ method, headers }: Request): boolean {
  return (method === "GET" || method === "HEAD") && !headers.has("content-length");
}

/** Whether the body is short enough to be held, and worth it. A GET's cannot be sent by itself. */
function isHeld({ bodies, attempts }: RetryConfig, { method, headers }: Request): boolean {
  if (!bodies || attempts < 2 || method === "GET" || method === "HEAD") return false;
  const length = headers.get("content-length");
  return length !== null && Number(length) <= SHORT;
}

/** There is no other pod, and the one that it was moved to, if it was, never answered. */
function stranded(trip: Trip, seat: Seat, refusal: Refusal): Delivery {
  if (trip.held !== undefined) undo(trip, seat, trip.held);
  return failed(seat, refusal);
}

function send(
  trip: Trip,
  pod: PodRuntime,
  terms: Terms,
  headers: Shipment["headers"],
  body: Shipment["body"],
): Promise<Response | Failure | "busy"> {
  const { total } = terms.timeouts;
  const asked = trip.edge.clock.now();
  const end = total === undefined ? undefined : trip.now + total;
  if (end !== undefined && asked >= end) return Promise.resolve("timeout");
  if (pod.full) return queue(trip, pod, terms, headers, body, asked, end);
  pod.take(asked);
  return ship(trip, pod, terms, headers, body, asked, end);
}

/** Waits for a place at a pod that is at its cap. */
async function queue(
  trip: Trip,
  pod: PodRuntime,
  terms: Terms,
  headers: Shipment["headers"],
  body: Shipment["body"],
  since: number,
  end: number | undefined,
): Promise<Response | Failure | "busy"> {
  const come = await turn(
    trip,
    pod,
    Math.min(terms.timeouts.queue, (end ?? Number.POSITIVE_INFINITY) - since),
  );
  const asked = trip.edge.clock.now();
  trip.waited += asked - since;
  if (!come) return "busy";
  if (trip.request.signal?.aborted) {
    pod.release(asked);
    return "client";
  }
  return ship(trip, pod, terms, headers, body, asked, end);
}

/** Sends it to a pod at which it has a place. */
function ship(
  trip: Trip,
  pod: PodRuntime,
  { retry, timeouts }: Terms,
  headers: Shipment["headers"],
  body: Shipment["body"],
  asked: number,
  end: number | undefined,
): Promise<Response | Failure> {
  const { edge, request, target, background } = trip;
  const { load } = pod.pool;
  let taken = false;
  const shipment: Shipment = {
    pod: pod.pod,
    rest: target.rest,
    method: request.method,
    headers,
    body,
    request,
    timeout: timeouts.headers,
    limit: end === undefined ? undefined : end - asked,
    held: load,
    abort: retry.on.includes("timeout"),
    forsake: () => {
      if (!taken) forsaken(trip, pod, asked);
    },
  };
  const sent = edge.forwarder.send(shipment, background);
  // A client that goes away ends this request's code, and with it the release: the runtime must see it through.
  if (load) background.waitUntil(sent);
  return sent.then((answer) => {
    taken = true;
    return arrive(trip, pod, asked, answer);
  });
}

function arrive(trip: Trip, pod: PodRuntime, asked: number, answer: Response | Failure): Response | Failure {
  const { edge, background } = trip;
  const { load, pool } = pod.pool;
  const now = edge.clock.now();
  trip.waited += now - asked;
  trip.answered = now;
  if (typeof answer === "string") {
    pod.release(now);
    accuse(trip, pod, answer, now);
    return answer;
  }
  pod.doubt = false;
  pod.served = trip.now;
  if (answer.status < 500) pod.passed();
  else accuse(trip, pod, answer, now);
  pod.pool.observe(pod.pod.index, now - asked, now);
  const pumped = answer.status === 101 ? tend(trip, pod, answer) : undefined;
  if (pumped !== undefined) return pumped;
  if (load) {
    return edge.forwarder.hold(
      answer,
      () => pod.release(edge.clock.now()),
      background,
      pool.timeouts.idleBody,
    );
  }
  pod.release(now);
  return answer;
}

function failed(seat: Seat, refusal: Refusal): Delivery {
  return { seat, response: undefined, refusal };
}
