import type { Sid } from "../model/binding.ts";
import type { PodTag } from "../model/pod.ts";
import { isRefusal } from "../model/refusal.ts";
import { PROVISIONAL, type Token, toHex } from "../sessions/token.ts";
import { askedOf } from "./asked.ts";
import { beating, choosePod, hashPod, isVacant, sidesFor } from "./choose.ts";
import { seatKeyed } from "./keyed.ts";
import type { PodRuntime, PoolRuntime } from "./pods.ts";
import { EMPTY } from "./problem.ts";
import type { SourceRuntime } from "./source.ts";
import { type Seat, type Seated, seconds, type Trip } from "./trip.ts";

const NONE: readonly PodRuntime[] = [];

/**
 * A request that brought no session of ours: the first of these sources that yields a key carries it; without one the
 * scope's token begins a new session, and without one the request is unkeyed.
 *
 * @param tried pods that could not be reached just now
 */
export function seatFresh(
  trip: Trip,
  sources: readonly SourceRuntime[],
  tried = NONE,
): Seated | Promise<Seated> {
  if (trip.preflight) return seatUnkeyed(trip, tried);
  const seating = seatByKey(trip, sources);
  if (seating instanceof Promise) return seating.then((seat) => seat ?? place(trip, tried));
  return seating ?? place(trip, tried);
}

/** A new session where the load allows, which some pools would rather ask for first. Bound sessions never wait for it. */
function place(trip: Trip, tried: readonly PodRuntime[]): Seated | Promise<Seated> {
  const { edge, route, now, background } = trip;
  const asks = route.sides.some(({ pool }) => pool.isWorthAsking(now, edge.period()));
  return asks ? edge.refresh(background).then(() => seatNew(trip, tried)) : seatNew(trip, tried);
}

/** The seat by the first source that yields a key; undefined when none does. */
export function seatByKey(
  trip: Trip,
  sources: readonly SourceRuntime[],
): Seated | undefined | Promise<Seated | undefined> {
  if (sources.length === 0) return undefined;
  const asked = askedOf(trip);
  for (let i = 0; i < sources.length; i++) {
    const source = sources[i]!;
    const brought = source.key(asked);
    const value = brought ?? (trip.route.issue ? source.make?.(trip.edge.chance) : undefined);
    if (value === undefined) continue;
    const seating = seatKeyed(trip, source, value, brought === undefined);
    if (!(seating instanceof Promise)) return seating;
    // A value that no pod has minted may be known to no store: then it is as if it were not there.
    return seating.then((seat) => seat ?? seatByKey(trip, sources.slice(i + 1)));
  }
  return undefined;
}

/**
 * Step 4: a new session of the token. Those `tried` could not be reached just now.
 *
 * @param order where to look for a pod; absent: by rules and weights
 */
export function seatNew(trip: Trip, tried: readonly PodRuntime[], order?: readonly PoolRuntime[]): Seated {
  const { edge, carrier, now, route } = trip;
  const begins = !trip.preflight && route.issue && trip.aside === undefined;
  if (!begins || carrier === undefined) return seatUnkeyed(trip, tried);
  const sid = toHex(edge.chance.bytes(16));
  const pod = choosePod(trip, sid, order ?? sidesFor(trip, undefined), tried);
  if (isRefusal(pod)) return pod;
  if (!route.scope.pods.has(pod.pod.tag)) return unkeyed(pod);
  const iat = seconds(now);
  const tag = pod.pod.tag;
  // A store that is known to be away will not be told of it: whichever edge sees it next makes up for that.
  const flags = edge.guard.open ? PROVISIONAL : 0;
  const session: Token = { sid, pod: tag, home: tag, epoch: 1, iat, exp: iat + carrier.absolute, flags };
  return { pod, outcome: "bound", session, issue: true, errand: "create", from: undefined, cause: undefined };
}

export function seatUnkeyed(trip: Trip, tried: readonly PodRuntime[]): Seated {
  const { stranger } = trip;
  const order = sidesFor(trip, stranger);
  if (isVacant(order, tried)) return EMPTY;
  const hashed = stranger === undefined ? undefined : hashPod(stranger, order, tried.at(-1));
  // Its pod may have minted it where no store could be told: it waits there, as whoever is bound does, when that is full.
  const pod = hashed ?? choosePod(trip, undefined, order, tried);
  return isRefusal(pod) ? pod : unkeyed(pod);
}

export function unkeyed(pod: PodRuntime): Seat {
  const none = {
    session: undefined,
    issue: false,
    errand: "none",
    from: undefined,
    cause: undefined,
  } as const;
  return { pod, outcome: "unkeyed", ...none };
}

/**
 * `headerBeatsSession`: a request whose header asks for another side than its session's goes there, always to the same pod, and
 * the session knows nothing of it. Where that side has no pod to give, the session goes on as ever: undefined, as for all others.
 *
 * @param at the session's pod
 */
export function seatAside(trip: Trip, sid: Sid, at: PodTag): Seated | undefined {
  const pool = beating(trip);
  if (pool === undefined || trip.route.scope.pods.get(at)?.pool === pool) return undefined;
  if (hashPod(sid, [pool], undefined) === undefined) return undefined;
  trip.aside = pool;
  trip.stranger = sid;
  trip.held = undefined;
  trip.keyed = undefined;
  return seatUnkeyed(trip, NONE);
}
