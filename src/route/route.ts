import type { Decision, Outcome } from "../model/decision.ts";
import type { Background } from "../model/ports.ts";
import { isRefusal, type Refusal } from "../model/refusal.ts";
import { strip, write } from "../sessions/cookie.ts";
import { renewalAge } from "../sessions/expiry.ts";
import { PROVISIONAL } from "../sessions/token.ts";
import { versionOf } from "./announce.ts";
import { identify } from "./client.ts";
import { deliver } from "./deliver.ts";
import { type Edge, recordBreak } from "./edge.ts";
import { runErrand } from "./errand.ts";
import { readFields } from "./fields.ts";
import { isHandshake } from "./handshake.ts";
import { remember } from "./key-memory.ts";
import { learn } from "./learn.ts";
import { legsOf } from "./legs.ts";
import { overLimits } from "./limits.ts";
import { isLoop, LOOP } from "./loop.ts";
import { openToken } from "./open.ts";
import { NO_CONFIG, NO_ROUTE, problem, STALE_VIEW } from "./problem.ts";
import { seat as findSeat } from "./seat.ts";
import { isShared } from "./shared-cache.ts";
import { decisionText, requestHeaders, responseHeaders } from "./stamp.ts";
import { strike } from "./strike.ts";
import { readTarget, validate } from "./target.ts";
import { type KeyRef, type Life, type Seat, seconds, type Trip } from "./trip.ts";
import type { View } from "./view.ts";

/** Of what is unkeyed: nothing lasts. */
const NO_LIFE: Life = { idle: 0, absolute: undefined };

/**
 * The way of a request: match → read key → open token → decide → forward → record. A warm one awaits the pod and nothing
 * else: no store, no coordinator, no crypto.
 */
export async function route(edge: Edge, request: Request, background: Background): Promise<Response> {
  const now = edge.clock.now();
  const current = edge.view(now, background);
  const view = current instanceof Promise ? await current : current;
  if (view === undefined) return refuse(edge, background, undefined, undefined, NO_CONFIG);

  const target = readTarget(request.url);
  const fields = readFields(request.headers, edge.cloudflare);
  const invalid =
    validate(request.method, fields, target) ?? overLimits(fields, target, view.snapshot.limits);
  if (invalid !== undefined) return refuse(edge, background, view, undefined, invalid);
  if (fields.loop !== null && isLoop(fields.loop, edge.loopMark)) {
    return refuse(edge, background, view, undefined, LOOP);
  }

  const matched = view.match(target.host, target.path, request);
  if (matched === undefined) return refuse(edge, background, view, undefined, NO_ROUTE);
  const client = identify(request.headers, edge.peer(request), target.https, view.snapshot.trustedProxies);
  const { carrier } = matched.scope;
  const preflight = request.method === "OPTIONS" && request.headers.has("access-control-request-method");
  const trip: Trip = {
    edge,
    view,
    route: matched,
    request,
    target,
    client,
    background,
    now,
    preflight,
    carrier,
    life: carrier ?? NO_LIFE,
    keyed: undefined,
    stranger: undefined,
    unheard: false,
    untold: false,
    released: false,
    aside: undefined,
    held: undefined,
    served: undefined,
    waited: 0,
    answered: 0,
  };
  if (matched.fault !== undefined) {
    const refusal = await strike(trip, matched.fault);
    if (refusal !== undefined) return deny(trip, matched.sides[0]!.pool.pool.name, refusal, false);
  }
  if (matched.scope.strict && edge.stale(view, now)) {
    return refuse(edge, background, view, matched.sides[0]!.pool.pool.name, STALE_VIEW);
  }

  const header = fields.cookie;
  const held = carrier?.header === undefined ? header : request.headers.get(carrier.header);
  const opening =
    carrier === undefined || held === null
      ? undefined
      : openToken(edge, matched.scope, carrier, held, client.https, now);
  const verified = opening instanceof Promise ? await opening : opening;

  const seating = findSeat(trip, verified);
  const seat = seating instanceof Promise ? await seating : seating;
  if (isRefusal(seat)) return deny(trip, matched.sides[0]!.pool.pool.name, seat, trip.held === undefined);

  const inbound = {
    ip: client.ip,
    https: client.https,
    authority: target.authority,
    cookie: header === null ? undefined : cookieFor(header, trip),
    token: carrier?.header === undefined || carrier.forward ? undefined : carrier.header,
    announce: view.snapshot.announce,
    version: view.snapshot.announce?.via ? versionOf(edge.origin(request)) : "",
    loopMark: edge.loopMark,
    handshake: fields.upgrade !== null && isHandshake(request, fields),
  };
  const headers = requestHeaders(fields, inbound, request.headers);
  const delivery = await deliver(trip, seat, headers);
  if (delivery.response === undefined) {
    const { pod, outcome } = delivery.seat;
    return deny(trip, pod.pod.pool, delivery.refusal!, outcome === "bound");
  }
  return answer(trip, delivery.seat, delivery.response);
}

/** What pods have minted is learned before the client can come back with it. */
function answer(trip: Trip, seat: Seat, response: Response): Response | Promise<Response> {
  const learning =
    trip.route.scope.minting.length === 0 || trip.preflight ? undefined : learn(trip, seat, response);
  if (learning === undefined) return carry(trip, seat, response);
  return learning.then((learned) => carry(trip, learned, response));
}

/** Step 7: the token only if new, moved or renewed, and only where no shared cache would hand it to others. */
function carry(trip: Trip, seat: Seat, response: Response): Response | Promise<Response> {
  const { keyed } = trip;
  if (keyed?.made) return tell(trip, seat, response, keyed);
  if (seat.issue && keyed !== undefined && !trip.released) remember(trip, seat.session!);
  if (!seat.issue || (keyed !== undefined && !keyed.source.behindToken)) {
    runErrand(trip, seat);
    return finish(trip, seat, seat.outcome, response, undefined);
  }
  if (isShared(response.headers)) {
    // The client never learns of a session that was to begin here, so there is none.
    const outcome = seat.outcome === "bound" && keyed === undefined ? "unkeyed" : seat.outcome;
    return finish(trip, seat, outcome, response, undefined);
  }
  return issueToken(trip, seat).then((issued) => {
    runErrand(trip, seat);
    return finish(trip, seat, seat.outcome, response, issued);
  });
}

/** The client is told the key that was made for it, where no shared cache would tell others; else its session was none. */
function tell(trip: Trip, seat: Seat, response: Response, { source, sid, value }: KeyRef): Response {
  const { edge, client, background } = trip;
  const session = seat.session!;
  if (isShared(response.headers)) {
    background.waitUntil(edge.guard.background(() => edge.store.release(sid, session.pod)));
    return finish(trip, { ...seat, session: undefined }, "unkeyed", response, undefined);
  }
  remember(trip, session);
  const { name, shape, secure } = source.told!;
  const cookie = write(name, `"${value}"`, shape, {
    secure: secure === "auto" ? client.https : secure,
    path: trip.route.cookiePath,
    now: trip.now,
    userAgent: null,
  });
  return finish(trip, seat, seat.outcome, response, cookie);
}

function finish(
  trip: Trip,
  seat: Seat,
  outcome: Outcome,
  response: Response,
  issued: string | undefined,
): Response {
  const { edge, view, client, carrier, target } = trip;
  const { counters, clues } = edge;
  counters.count(seat.pod.pod.pool, outcome, response.status);
  // The clock was read when the pod answered: what came since is a seal at most.
  counters.timings.add(seat.pod.pod.pool, trip.answered - trip.now, trip.waited);
  if (outcome === "moved") recordMove(trip, seat);
  if (clues !== undefined && seat.session !== undefined && clues.next-- === 0) {
    clues.sample(seat.pod.pod.pool, seat.session.sid);
  }
  edge.recorded(trip.background);
  trip.served = seat.session;
  const headers = responseHeaders(response.headers, {
    pod: seat.pod.pod,
    https: client.https,
    authority: target.authority,
    issued,
    cookieKeys: carrier?.header === undefined ? carrier?.keys : undefined,
    tokenHeader: carrier?.header,
    meter: seat.pod.meter,
    now: trip.now,
    decision: view.snapshot.explain ? decisionText(decisionOf(trip, seat, outcome)) : undefined,
  });
  return headers === undefined ? response : edge.forwarder.dress(response, headers);
}

/**
 * A break is recorded when the pod that the session moved to has answered: a move that was undone broke nothing. All who
 * followed the same move say the same, and the ledger keeps one for each (sid, epoch). This isolate says it once in the time
 * that a session lives in silence: after that a key may have begun at its first epoch again.
 */
function recordMove({ edge, now, preflight, unheard, keyed, life }: Trip, seat: Seat): void {
  if (seat.session === undefined || preflight) return;
  const { sid } = seat.session;
  const alone = unheard ? { alone: true } : {};
  const idle = keyed === undefined ? {} : { idle: life.idle };
  for (const leg of legsOf(seat)) {
    const { epoch, from, to, cause, passed = false } = leg;
    const known = `${sid} ${epoch} ${from} ${to} ${cause} ${passed} ${unheard}`;
    const last = edge.told.get(known);
    if (last !== undefined && now - last < life.idle * 1000) continue;
    edge.told.set(known, now);
    recordBreak(edge, { at: now, sid, ...leg, ...alone, ...idle });
  }
}

/** A Set-Cookie, or the token for its header. */
async function issueToken(trip: Trip, seat: Seat): Promise<string> {
  const { edge, route: matched, client } = trip;
  const carrier = trip.carrier!;
  const session = seat.session!;
  const iat = seconds(trip.now);
  // A key has no absolute expiry, but the token beside it has.
  const token = trip.keyed === undefined ? session : { ...session, iat, exp: iat + carrier.absolute };
  const text = await edge.sealer.seal(matched.scope.scope.id, token);
  edge.clues?.sealed();
  // The client's next request brings it back here more often than not.
  matched.scope.verified.set(text, {
    token,
    stale: false,
    retired: false,
    renewal: renewalAge(carrier.idle, token.sid),
  });
  if (carrier.header !== undefined) return text;
  const { options, secureName, plainName, shape } = carrier;
  return write(client.https ? secureName : plainName, text, shape, {
    secure: options.secure === "auto" ? client.https : options.secure,
    path: matched.cookiePath,
    now: trip.now,
    userAgent: trip.request.headers.get("user-agent"),
    // In its last second it must not be 0 yet, which would delete the cookie before its session has ended.
    left: Math.max(1, token.exp - iat),
  });
}

/** The Cookie header for the pod; undefined when it is the client's as it came, null when nothing of it is left. */
function cookieFor(header: string, trip: Trip): string | null | undefined {
  const rest = strip(header, trip.route.hidden);
  return rest === header ? undefined : rest;
}

function decisionOf({ view, unheard, untold }: Trip, seat: Seat, outcome: Outcome): Decision {
  const { pod, from, cause, session } = seat;
  const provisional = unheard || untold || (session !== undefined && (session.flags & PROVISIONAL) !== 0);
  return {
    outcome,
    pool: pod.pod.pool,
    pod: pod.pod,
    from,
    cause,
    provisional,
    revision: view.stamp.revision,
  };
}

/** @param begins whether the request was without a session */
function deny(trip: Trip, pool: string, refusal: Refusal, begins: boolean): Response {
  const { edge, route, now, preflight } = trip;
  const { counters, clock } = edge;
  const { ahead, behind, minting } = route.scope;
  const sticky = trip.carrier !== undefined || ahead.length + behind.length > minting.length;
  if (begins && sticky && route.issue && !preflight) counters.count(pool, "create-failed");
  counters.timings.add(pool, clock.now() - now, trip.waited);
  return refuse(edge, trip.background, trip.view, pool, refusal);
}

function refuse(
  edge: Edge,
  background: Background,
  view: View | undefined,
  pool: string | undefined,
  refusal: Refusal,
): Response {
  edge.counters.count(pool ?? "", "refused", refusal.status);
  edge.recorded(background);
  const response = problem(refusal);
  if (view?.snapshot.explain) {
    const revision = view.stamp.revision;
    const decision = {
      outcome: "refused",
      provisional: false,
      pod: undefined,
      from: undefined,
      cause: undefined,
      revision,
    } as const;
    response.headers.set("mooring-decision", decisionText({ ...decision, pool: pool ?? "" }));
  }
  return response;
}
