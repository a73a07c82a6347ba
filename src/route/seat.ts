import { tagFromHex } from "../model/pod.ts";
import { without } from "../policies/policy.ts";
import { verdict } from "../sessions/expiry.ts";
import { PROVISIONAL, type Token, toHex } from "../sessions/token.ts";
import { recordBreak } from "./edge.ts";
import type { PodRuntime, PoolRuntime } from "./pods.ts";
import { NO_POD } from "./problem.ts";
import { rebind, touch } from "./rebind.ts";
import { type Errand, type Seat, type Seated, seconds, type Trip } from "./trip.ts";
import type { Verified } from "./view.ts";

/** Steps 3 to 5: finds the pod of a session, or gives a new one its pod. */
export function seat(trip: Trip, verified: Verified | undefined): Seated | Promise<Seated> {
  const { cookie, edge, now } = trip;
  if (cookie === undefined) return seatUnkeyed(trip, undefined);
  if (verified === undefined) return seatNew(trip, undefined);
  const { token } = verified;
  const age = verdict(token, verified.renewal, cookie.idle, now / 1000);
  if (age !== "good" && age !== "renew") {
    if (age !== "ahead") recordExpiry(trip, token, age);
    return seatNew(trip, undefined);
  }
  const news = edge.feed.below(token.sid, token.epoch);
  if (news !== undefined) {
    if (news.to === null) return seatNew(trip, undefined);
    return seatMoved(trip, { ...token, epoch: news.epoch, pod: tagFromHex(news.to) }, token);
  }
  const pod = trip.route.scope.pods.get(token.pod);
  if (pod === undefined || !pod.keep) return rebind(trip, token, pod, undefined);
  const known = edge.settlements.get(token.sid);
  // What was found out of another epoch says nothing of this one.
  const settlement = known?.epoch === token.epoch ? known : undefined;
  if (settlement?.ahead === true && !trip.preflight) return touch(trip, token, pod);
  return seatKept(trip, verified, pod, age === "renew", settlement?.ahead === false);
}

function seatKept(trip: Trip, verified: Verified, pod: PodRuntime, due: boolean, settled: boolean): Seat {
  const { token } = verified;
  const provisional = (token.flags & PROVISIONAL) !== 0;
  if (!due && !provisional && !verified.stale) return kept(pod, token, false, "none");
  // A provisional token stays so until the store has confirmed it: another edge must ask, too.
  const flags = provisional && !settled ? PROVISIONAL : 0;
  const issue = !trip.preflight && (due || verified.stale || (provisional && settled));
  const session = issue ? { ...token, iat: seconds(trip.now), flags } : token;
  const errand = !trip.preflight && (due || (provisional && !settled)) ? "renew" : "none";
  return kept(pod, session, issue, errand);
}

function kept(pod: PodRuntime, session: Token, issue: boolean, errand: Errand): Seat {
  return { pod, outcome: "kept", session, issue, errand, from: undefined, cause: undefined };
}

/** An operator moved it: the feed says where to, and no store is asked. */
function seatMoved(trip: Trip, session: Token, before: Token): Seated | Promise<Seated> {
  const pod = trip.route.scope.pods.get(session.pod);
  if (pod === undefined || !pod.keep) return rebind(trip, session, pod, undefined);
  const from = trip.route.scope.pods.get(before.pod)?.pod.id ?? trip.view.departed.get(before.pod)?.id;
  const issued = { ...session, iat: seconds(trip.now), flags: 0 };
  return {
    pod,
    outcome: "moved",
    session: issued,
    issue: true,
    errand: "none",
    from,
    cause: "moved-by-operator",
  };
}

/** Step 4. `tried` could not be reached just now. */
export function seatNew(trip: Trip, tried: PodRuntime | undefined): Seated {
  const { edge, cookie, now } = trip;
  if (trip.preflight || cookie === undefined) return seatUnkeyed(trip, tried);
  const sid = toHex(edge.chance.bytes(16));
  const pod = choose(trip, sid, tried);
  if (pod === undefined) return NO_POD;
  const iat = seconds(now);
  const tag = pod.pod.tag;
  const session = { sid, pod: tag, home: tag, epoch: 1, iat, exp: iat + cookie.absolute, flags: 0 };
  return { pod, outcome: "bound", session, issue: true, errand: "create", from: undefined, cause: undefined };
}

function seatUnkeyed(trip: Trip, tried: PodRuntime | undefined): Seated {
  // Chance stands in for the key, or a hashing policy would send every unkeyed request to one pod.
  const pod = choose(trip, trip.edge.chance.word().toString(36), tried);
  if (pod === undefined) return NO_POD;
  const none = {
    session: undefined,
    issue: false,
    errand: "none",
    from: undefined,
    cause: undefined,
  } as const;
  return { pod, outcome: "unkeyed", ...none };
}

/** Side by weight, then pod by the side's policy; when a side has none left, the others in order. */
function choose(trip: Trip, key: string, tried: PodRuntime | undefined): PodRuntime | undefined {
  const { sides, total } = trip.route;
  let first = 0;
  if (sides.length > 1) {
    let draw = trip.edge.chance.word() % total;
    while (draw >= sides[first]!.weight) draw -= sides[first++]!.weight;
  }
  const order = sides.map((_, i) => sides[(first + i) % sides.length]!.pool);
  for (const standing of [
    (pool: PoolRuntime) => pool.standing(trip.now),
    (pool: PoolRuntime) => pool.desperate(),
  ]) {
    for (const pool of order) {
      const now = standing(pool);
      const open = tried?.pool === pool ? without(now, pool.pool.pods, tried.pod.index) : now;
      const index = open.live > 0 ? pool.pick(key, trip.edge.chance.word(), open) : -1;
      if (index >= 0) return pool.pods[index];
    }
  }
  return undefined;
}

/** The ledger counts an expiry once for each (sid, epoch), however often the old token comes. */
function recordExpiry(trip: Trip, token: Token, cause: "expired-idle" | "expired-absolute"): void {
  const pod = trip.route.scope.pods.get(token.pod)?.pod ?? trip.view.departed.get(token.pod);
  const pool = pod?.pool ?? trip.route.scope.scope.id;
  const { sid, epoch } = token;
  const known = `${sid} ${epoch}`;
  if (trip.edge.expired.get(known)) return;
  trip.edge.expired.set(known, true);
  recordBreak(trip.edge, { at: trip.now, sid, epoch, pool, from: pod?.id ?? "", to: "", cause });
}
