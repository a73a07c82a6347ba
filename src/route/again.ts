import type { Refusal } from "../model/refusal.ts";
import { isRefusal } from "../model/refusal.ts";
import { PROVISIONAL, type Token } from "../sessions/token.ts";
import { seatNew } from "./fresh.ts";
import { following, legsOf, straight } from "./legs.ts";
import type { PodRuntime, PoolRuntime } from "./pods.ts";
import { connects } from "./probe.ts";
import { rebind } from "./rebind.ts";
import type { Seat, Trip } from "./trip.ts";

/** What a request has behind it. */
export interface Attempts {
  /** Pods that did not answer. */
  readonly failed: PodRuntime[];
  /** Whether this request has moved its session: it does so once at most. */
  moved: boolean;
}

/**
 * Where a request goes after a failure that its pool tries again: to the same pod while that still connects, else to
 * another; undefined when there is no more to be spent on it. A session's move from an epoch after a failed connection is
 * free to all who follow it, as nothing else would move them, until it was seen to be in vain; all else the pool's budget
 * bounds.
 */
export async function again(
  trip: Trip,
  seat: Seat,
  why: "connect" | "timeout",
  attempts: Attempts,
): Promise<Seat | Refusal | undefined> {
  const { edge } = trip;
  const { session, pod } = seat;
  const { pool } = pod;
  if (session === undefined || !isHeld(trip)) {
    attempts.failed.push(pod);
    const next = seatNew(trip, attempts.failed);
    return isRefusal(next) || pay(trip, pool) ? next : undefined;
  }
  const free =
    why === "connect" && !attempts.moved && edge.inVain.get(session.sid) !== epochOf(trip, session);
  if (!free && !canPay(trip, pool)) return undefined;
  // One reset moves no session: only a pod that cannot be reached at all loses it, be it where the cookie or where the store has it.
  if (why === "connect" && (session.pod === trip.held?.pod || seat.own === undefined)) {
    // A probe that others wait for, too, is paid for.
    if (pod.probing === undefined) pool.budget.spend(edge.clock.now());
    if (await connects(trip, pod)) return pay(trip, pool) ? seat : undefined;
  }
  if (attempts.moved) return undefined;
  if (!free && !pay(trip, pool)) return undefined;
  if (free) edge.counters.count(pool.pool.name, "retried");
  attempts.moved = true;
  return reseat(trip, seat);
}

/**
 * Another pod for what was not sent yet, as its pod cannot be reached; undefined where its session was moved from this epoch
 * in vain before, and its pool has no more to spend on that.
 */
export async function instead(trip: Trip, seat: Seat): Promise<Seat | Refusal | undefined> {
  const { session, pod } = seat;
  if (session !== undefined && isHeld(trip)) {
    if (trip.edge.inVain.get(session.sid) === epochOf(trip, session) && !pay(trip, pod.pool))
      return undefined;
  }
  return reseat(trip, seat);
}

/** Where this request had moved its session to, nobody answered either: who moves it from the same epoch pays for it. */
export function gaveUp(trip: Trip, { session }: Seat, { moved }: Pick<Attempts, "moved">): void {
  if (moved && session !== undefined) trip.edge.inVain.set(session.sid, epochOf(trip, session));
}

/** As the client knows it: a move that no pod answered is taken back, and each makes a new epoch. */
function epochOf({ held }: Trip, session: Token): number {
  return (held ?? session).epoch;
}

/** Whether the session was there before this request. */
function isHeld({ held, keyed }: Trip): boolean {
  return held !== undefined || keyed !== undefined;
}

/** Another pod for what its pod could not be reached for. */
export async function reseat(trip: Trip, seat: Seat): Promise<Seat | Refusal> {
  const { session } = seat;
  if (session === undefined || !isHeld(trip)) return seatNew(trip, [seat.pod]);
  const { own, from, cause } = seat;
  // Where this edge had moved it to just now it was never served: it waits for no such pod, and left another, for its reason.
  const why = own === undefined ? undefined : cause;
  const was = beforeUnheard(seat);
  const left = was && trip.route.scope.pods.get(was.pod);
  const next =
    was === undefined || left?.keep === true
      ? await rebind(trip, session, seat.pod, seat.pod, why, undefined, was)
      : await rebind(trip, was, left, seat.pod, why, session);
  if (isRefusal(next)) return next;
  // No pod has served it yet, so it begins where it comes to lie.
  if (trip.held === undefined) return { ...next, outcome: "bound", from: undefined, cause: undefined };
  // Another had moved it there and said so: from there, then.
  if (from === undefined) return next;
  if (own === undefined) return following(legsOf(seat), next);
  // What the client saw is one move from where it was, or none; what others have moved since is theirs.
  const legs = straight(seat, next, was !== undefined);
  if (next.pod.pod.tag !== own) return { ...next, legs, from, own: next.own && own };
  return { ...next, outcome: "kept", from: undefined, cause: undefined };
}

/**
 * The session as it was before this request moved it without the store, to a pod that cannot be reached: no such move was
 * ever seen, so it asks from there again, unless it may as well go back. Others may have moved it there as well, and been
 * served, which only the store can say. Undefined where it was the store that moved it.
 */
function beforeUnheard({ own, session, legs }: Seat): Token | undefined {
  if (own === undefined || session === undefined || legs !== undefined) return undefined;
  if ((session.flags & PROVISIONAL) === 0) return undefined;
  return { ...session, epoch: session.epoch - 1, pod: own, flags: 0 };
}

function canPay(trip: Trip, pool: PoolRuntime): boolean {
  const { name, retry } = pool.pool;
  if (pool.budget.left(trip.edge.clock.now(), retry.budget) > 0) return true;
  trip.edge.counters.count(name, "budget-spent");
  return false;
}

function pay(trip: Trip, pool: PoolRuntime): boolean {
  if (!canPay(trip, pool)) return false;
  pool.budget.spend(trip.edge.clock.now());
  trip.edge.counters.count(pool.pool.name, "retried");
  return true;
}
