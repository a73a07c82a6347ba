import { isRefusal } from "../model/refusal.ts";
import { PROVISIONAL, type Token, toHex } from "../sessions/token.ts";
import { sidesFor } from "./choose.ts";
import { seatNew, unkeyed } from "./fresh.ts";
import type { Live, LiveCookies } from "./ingress-cookie.ts";
import { resume } from "./seat.ts";
import { type Seated, seconds, type Trip } from "./trip.ts";

/**
 * A request with a live cookie of ingress-nginx, and none of ours: its session goes on at the very pod where it is, and its
 * client is told of it in a token. If that pod does not keep it, it moves as any other would.
 *
 * @returns undefined for one that has none, or whose cookie names nothing: a new session, then
 */
export function seatLive(trip: Trip, live: LiveCookies): Seated | Promise<Seated | undefined> | undefined {
  if (trip.preflight) return undefined;
  const found = live.read(trip.request.headers.get("cookie"), trip.now);
  if (found === undefined) return undefined;
  if (!found.own) return take(trip, live, found, undefined);
  // The same at every edge, however many requests come before the first response: one client, one session.
  const label = `${trip.route.scope.scope.id} ingress-nginx\n`;
  const naming = trip.edge.keyer.sid(trip.view.stamp.salt ?? "", label, found.key);
  return naming.then((sid) => take(trip, live, found, sid));
}

function take(
  trip: Trip,
  live: LiveCookies,
  { key, pool }: Live,
  own: string | undefined,
): Seated | Promise<Seated> | undefined {
  const { edge, now, route } = trip;
  const sides = route.sides.map((side) => side.pool);
  const named = pool !== undefined && sides.includes(pool) && pool.pods.length > 0;
  const order = named ? [pool, ...sides.filter((side) => side !== pool)] : sidesFor(trip, own);
  const side = order.find(({ pods }) => pods.length > 0);
  const pod = side && live.podOf(side, key);
  if (pod === undefined) return named ? seatNew(trip, [], order) : undefined;
  const { tag } = pod.pod;
  // `sticky: primary`: a cookie of another side is none, and who is sent there gets none.
  if (!route.scope.pods.has(tag)) return named ? undefined : seatNew(trip, [], order);
  // It is at its pod, but no session begins here.
  if (!route.issue) return pod.keep ? unkeyed(pod) : undefined;
  const iat = seconds(now);
  const session: Token = {
    sid: own ?? toHex(edge.chance.bytes(16)),
    ...{ pod: tag, home: tag, epoch: 1, iat, exp: iat + trip.carrier!.absolute },
    flags: edge.guard.open ? PROVISIONAL : 0,
  };
  const verified = { token: session, stale: false, retired: false, renewal: 0 };
  const seating = resume(trip, verified, true);
  return seating instanceof Promise ? seating.then(begun) : begun(seating);
}

/** To its client and to the store it is new; the errand tells whether the store has heard of it elsewhere. */
function begun(seat: Seated): Seated {
  return isRefusal(seat) || seat.outcome !== "kept" ? seat : { ...seat, outcome: "bound" };
}
