import type { Break } from "../model/beat.ts";
import type { Cause } from "../model/binding.ts";
import type { PodTag } from "../model/pod.ts";
import { isRefusal } from "../model/refusal.ts";
import type { Token } from "../sessions/token.ts";
import type { Seat, Seated, Trip } from "./trip.ts";

/** One move of a session, as the ledger is told of it. `from` is empty where the teller does not know. */
export type Leg = Pick<Break, "epoch" | "pool" | "from" | "to" | "cause">;

type Place = Pick<Token, "epoch" | "pod">;

/**
 * Why a session is where it is now, to someone who last knew it elsewhere. Two pods of one epoch are two edges that had each
 * moved it without the other: what made the other move it is no reason to leave this pod.
 *
 * @param cause of the epoch that it is in now; empty: it was never moved
 */
export function reasonOf(
  before: Pick<Place, "epoch">,
  { epoch }: Pick<Place, "epoch">,
  cause: Cause | "",
): Cause {
  return epoch === before.epoch || cause === "" ? "store-adopt" : cause;
}

/**
 * The move that brought a session to where it is now, told by someone who last knew it elsewhere. What was moved more than
 * once since then came from a pod that only those who moved it can name.
 *
 * @returns none where it is at the same pod, or nothing moved it
 */
export function legTo(
  trip: Trip,
  before: Place,
  { epoch, pod }: Place,
  cause: Cause | undefined,
): readonly Leg[] {
  if (before.pod === pod || cause === undefined) return [];
  const from = epoch <= before.epoch + 1 ? podId(trip, before.pod) : "";
  return [{ epoch, pool: poolOf(trip, pod), from, to: podId(trip, pod), cause }];
}

/** What the ledger must hear of a seat whose session moved. */
export function legsOf({ legs, session, from = "", pod: { pod }, cause }: Seat): readonly Leg[] {
  if (legs !== undefined) return legs;
  if (session === undefined || cause === undefined) return [];
  return [{ epoch: session.epoch, pool: pod.pool, from, to: pod.id, cause }];
}

/**
 * A seat of a session that went on from where others had moved it. Whether they could still tell of their part nobody knows:
 * it is told again, so that the ledger leads from the one pod to the other.
 */
export function following<S extends Seated>(first: readonly Leg[], seat: S): S {
  if (isRefusal(seat) || seat.outcome !== "moved") return seat;
  // To a pod that nobody can name any more would read as an end.
  return { ...seat, legs: [...first.filter(({ to }) => to !== ""), ...legsOf(seat)] };
}

/**
 * A seat whose session went on from a pod that it had been given for this very request, and that never answered: one move, from
 * the pod that it left and for the reason it had. What others have moved since is told apart.
 */
export function straight(tried: Seat, seat: Seat): Seat {
  const legs = legsOf(tried);
  const last = legs.at(-1);
  const [own, ...more] = legsOf(seat);
  if (last === undefined || own === undefined || seat.own === undefined || more.length > 0) {
    return { ...seat, legs: [...legs, ...legsOf(seat)] };
  }
  return { ...seat, legs: [...legs.slice(0, -1), { ...own, from: last.from }] };
}

/** The id of a pod of the scope, or of one that has left it; empty when nobody knows it any more. */
export function podId({ route, view }: Trip, tag: PodTag): string {
  return route.scope.pods.get(tag)?.pod.id ?? view.departed.get(tag)?.id ?? "";
}

function poolOf({ route, view }: Trip, tag: PodTag): string {
  return route.scope.pods.get(tag)?.pod.pool ?? view.departed.get(tag)?.pool ?? route.scope.scope.id;
}
