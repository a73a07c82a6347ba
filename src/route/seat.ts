import { tagFromHex } from "../model/pod.ts";
import { isRefusal } from "../model/refusal.ts";
import { verdict } from "../sessions/expiry.ts";
import type { Token } from "../sessions/token.ts";
import { recordBreak, type Settlement } from "./edge.ts";
import { seatAside, seatByKey, seatFresh } from "./fresh.ts";
import { goHome, homeOf } from "./home.ts";
import { legTo, podId } from "./legs.ts";
import { seatLive } from "./live.ts";
import type { PodRuntime } from "./pods.ts";
import { rebind, touch } from "./rebind.ts";
import { kept, type Seat, type Seated, seconds, type Trip } from "./trip.ts";
import type { Verified } from "./view.ts";

/**
 * Steps 3 to 5: finds the pod of a session, or gives a new one its pod. The first source of the chain that yields carries
 * it; `verified` is what the token of ours yields.
 */
export function seat(trip: Trip, verified: Verified | undefined): Seated | Promise<Seated> {
  const { ahead } = trip.route.scope;
  if (ahead.length > 0 && !trip.preflight) {
    const seating = seatByKey(trip, ahead);
    if (seating instanceof Promise) return seating.then((found) => found ?? seatToken(trip, verified));
    if (seating !== undefined) return seating;
  }
  return seatToken(trip, verified);
}

function seatToken(trip: Trip, verified: Verified | undefined): Seated | Promise<Seated> {
  const { carrier, now } = trip;
  const { behind, live } = trip.route.scope;
  if (carrier === undefined || verified === undefined) {
    const seating = live === undefined ? undefined : seatLive(trip, live);
    if (seating instanceof Promise) return seating.then((seat) => seat ?? seatFresh(trip, behind));
    return seating ?? seatFresh(trip, behind);
  }
  const { token } = verified;
  const age = verdict(token, verified.renewal, carrier.idle, now / 1000);
  if (age !== "good" && age !== "renew") {
    if (age === "expired-idle") noteReturn(trip, verified, carrier.idle);
    return age === "ahead" ? seatFresh(trip, behind) : seatEnded(trip, token, age);
  }
  if (age === "renew") noteReturn(trip, verified, carrier.idle);
  return resume(trip, verified, age === "renew");
}

/**
 * The session of a token that has not expired.
 *
 * @param due whether the client is to have it anew, and the store to hear of it
 */
export function resume(trip: Trip, verified: Verified, due: boolean): Seated | Promise<Seated> {
  const { edge } = trip;
  const { behind, others, pods } = trip.route.scope;
  const { token } = verified;
  const news = edge.feed.below(token.sid, token.epoch);
  if (verified.retired) return seatEnded(trip, token, "key-retired");
  if (news?.to === null) return seatFresh(trip, behind);
  const to = news === undefined ? token.pod : tagFromHex(news.to);
  if (others.has(to)) return seatEnded(trip, token, "config-change");
  const aside = seatAside(trip, token.sid, to);
  if (aside !== undefined) return aside;
  trip.held = token;
  if (news !== undefined) {
    return seatMoved(trip, { ...token, epoch: news.epoch, pod: to, home: to }, token, news.cause);
  }
  const pod = pods.get(token.pod);
  if (pod === undefined || !pod.keep) return rebind(trip, token, pod, undefined);
  const known = edge.settlements.get(token.sid);
  // What was found out of another epoch, or of another pod in it, says nothing of this one.
  const settlement = known?.epoch === token.epoch && known.pod === token.pod ? known : undefined;
  if (settlement?.ahead === true && !trip.preflight) return touch(trip, token, pod);
  const home = homeOf(trip, token, pod);
  if (home === undefined) return seatKept(trip, verified, pod, due, settlement);
  return goHome(trip, token, home, () => seatKept(trip, verified, pod, due, settlement));
}

function seatKept(
  trip: Trip,
  verified: Verified,
  pod: PodRuntime,
  due: boolean,
  settlement: Settlement | undefined,
): Seat {
  const { token } = verified;
  // Provisional or doubted.
  const open = token.flags !== 0;
  const owed = settlement?.owed === true;
  if (!due && !open && !verified.stale && !owed) return kept(pod, token, false, "none");
  const settled = settlement?.ahead === false && !owed;
  // It stays so until the store has confirmed it: another edge must ask, too.
  const flags = open && !settled ? token.flags : 0;
  const issue = !trip.preflight && (due || verified.stale || (open && settled));
  const session = issue ? { ...token, iat: seconds(trip.now), flags } : token;
  const errand = !trip.preflight && (due || owed || (open && !settled)) ? "renew" : "none";
  return kept(pod, session, issue, errand);
}

/** An operator moved it: the feed says where to, and no store is asked. */
function seatMoved(
  trip: Trip,
  session: Token,
  before: Token,
  cause: Seat["cause"],
): Seated | Promise<Seated> {
  const pod = trip.route.scope.pods.get(session.pod);
  // That it was moved here the ledger has from the coordinator itself.
  if (pod === undefined || !pod.keep) return rebind(trip, session, pod, undefined);
  const issued = { ...session, iat: seconds(trip.now), flags: 0 };
  // There and back while its client was away.
  if (before.pod === session.pod) return kept(pod, issued, !trip.preflight, "none");
  const legs = legTo(trip, before, session, cause);
  const from = podId(trip, before.pod) || undefined;
  return {
    pod,
    outcome: "moved",
    session: issued,
    issue: !trip.preflight,
    errand: "none",
    from,
    cause,
    legs,
  };
}

/** It was last seen when its token was issued, or up to the age of renewal after that. */
function noteReturn({ edge, route, now, preflight }: Trip, { token, renewal }: Verified, idle: number): void {
  if (edge.clues === undefined || preflight) return;
  const gap = now / 1000 - token.iat;
  edge.clues.returned(route.scope.scope.id, token.sid, gap, gap - renewal > idle);
}

type End = "expired-idle" | "expired-absolute" | "key-retired" | "config-change";

/** The token is good for nothing any more, and its session has ended with it, unless a key behind the token carries it on. */
function seatEnded(trip: Trip, token: Token, cause: End): Seated | Promise<Seated> {
  const end = (seat: Seated) => {
    if (!isCarried(trip, token, seat)) recordEnd(trip, token, cause);
    return seat;
  };
  const seating = seatFresh(trip, trip.route.scope.behind);
  return seating instanceof Promise ? seating.then(end) : end(seating);
}

function isCarried(
  { keyed, aside, stranger, preflight, route }: Trip,
  { sid }: Token,
  seat: Seated,
): boolean {
  // Nobody has looked for a key.
  if (preflight) return route.scope.behind.length > 0;
  const found = keyed?.sid ?? (aside === undefined ? undefined : stranger);
  return found === sid && (isRefusal(seat) || seat.outcome !== "bound");
}

/**
 * The ledger counts an end once for each (sid, epoch), however often the old token comes. Of one that was revoked it has heard
 * from the coordinator.
 */
function recordEnd(trip: Trip, token: Token, cause: End): void {
  const { others, pods } = trip.route.scope;
  const pod = (pods.get(token.pod) ?? others.get(token.pod))?.pod ?? trip.view.departed.get(token.pod);
  const pool = pod?.pool ?? trip.route.scope.scope.id;
  const { sid, epoch } = token;
  if (trip.edge.feed.below(sid, epoch)?.to === null) return;
  const known = `${sid} ${epoch}`;
  if (trip.edge.expired.get(known)) return;
  trip.edge.expired.set(known, true);
  recordBreak(trip.edge, { at: trip.now, sid, epoch, pool, from: pod?.id ?? "", to: "", cause });
}
